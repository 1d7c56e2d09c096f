import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "./refusal.ts";
import { enginePid, withoutEngine } from "./release/engine-process.ts";
import { historyDirectory } from "./release/history-place.ts";
import { Lease, LeaseHeldError } from "./release/lease.ts";
import type { ReleaseEvent } from "./release/link.ts";
import { rootDir } from "./root-dir.ts";

/** Files by which a supervisor and the program that started it talk; in the history's folder. */
export const supervisorFiles = { log: "supervisor.log", events: "events.jsonl" } as const;

/**
 * Starts the process that finishes a rollback as soon as the engine lets go of the stack, and takes the stack's lease in
 * its name: `pulumi up` without `fleet` is a transaction too.
 *
 * @returns where the program tells what happens.
 * @throws if somebody else changes the stack.
 */
export function startSupervisor(): (event: ReleaseEvent) => void {
  const stack = pulumi.getStack();
  const engine = enginePid();
  if (engine === undefined) {
    throw refusal("cannot tell which process runs this update (`ps` is missing?); use ./fleet up");
  }
  const directory = historyDirectory(pulumi.getProject(), stack);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const events = join(directory, supervisorFiles.events);
  const log = openSync(join(directory, supervisorFiles.log), "a", 0o600);
  const child = spawn(
    process.execPath,
    [
      ...["--require", join(rootDir, "toolchain/fast-start.cjs")],
      ...[join(rootDir, "toolchain/bundled.cjs"), "infra/cli/main.ts", "supervise"],
      ...["--stack", stack, "--engine", String(engine)],
    ],
    {
      cwd: rootDir,
      // A session of its own: Ctrl-C is for the engine.
      detached: true,
      stdio: ["ignore", log, log],
      env: withoutEngine(process.env),
    },
  );
  try {
    Lease.acquire(join(directory, "lease.json"), "update", { pid: child.pid! });
  } catch (error) {
    child.kill("SIGKILL");
    if (!(error instanceof LeaseHeldError)) throw error;
    throw refusal(
      `stack ${stack} is ${error.message}; wait for it: ./fleet status --stack ${stack} --wait`,
    );
  }
  child.unref();
  rmSync(events, { force: true });
  return (event) => appendFileSync(events, `${JSON.stringify(event)}\n`, { mode: 0o600 });
}
