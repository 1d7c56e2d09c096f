import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { rootDir } from "../../../infra/root-dir.ts";
import { removeTornMetadata } from "../../../infra/cli/torn-metadata.ts";
import type { Task } from "./crash-child.ts";
import type { TestStack } from "./test-stack.ts";

/** As one file: it starts for each boundary anew. */
const child = [
  ...["--require", join(rootDir, "toolchain/fast-start.cjs")],
  ...[join(rootDir, "toolchain/bundled.cjs"), "test/engine/release/crash-child.ts"],
];

/**
 * Runs a task in a process group of its own and kills all of it at the boundary with this number, counted from 1: before
 * and after every effect on the world there is one. No signal handler runs and nothing is cleaned up.
 *
 * @param boundary `Infinity` for a run that goes through unharmed
 * @returns how many boundaries there were, up to that one
 * @throws if the run fails by itself, or ends before the boundary
 */
export async function killAt(
  test: TestStack,
  boundary: number,
  task: Pick<Task, "update" | "restore">,
): Promise<number> {
  const { folder, env, world } = test;
  const run = spawn(process.execPath, child, {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  let output = "";
  run.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<number | null>((resolve) => run.once("close", resolve));
  let seen = 0;
  world.onCall = async ({ kind }) => {
    if (kind === "read") return;
    seen += 1;
    if (seen < boundary) return;
    if (seen === boundary) process.kill(-run.pid!, "SIGKILL");
    // What was under way is never answered.
    await new Promise(() => undefined);
  };
  run.stdin.end(JSON.stringify({ folder, env, ...task } satisfies Task));
  const code = await ended;
  world.onCall = () => Promise.resolve();
  if (seen >= boundary) {
    // The lock of the dead CLI is left behind, and a side file of the state may be half-written.
    await rm(join(folder, "state/.pulumi/locks"), { recursive: true, force: true });
    removeTornMetadata(env["PULUMI_BACKEND_URL"]!);
    return seen;
  }
  if (code !== 0) throw new Error(`the run failed before it could be killed: ${output}`);
  if (boundary !== Infinity)
    throw new Error(`${seen} boundaries only, none has number ${boundary}`);
  return seen;
}
