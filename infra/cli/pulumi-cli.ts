import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { followEvents } from "./event-log.ts";

/** A `pulumi` command that ended with an error; the message is everything that it printed. */
export class PulumiError extends Error {
  override readonly name = "PulumiError";
  /** What it said on standard error. */
  readonly stderr: string;

  constructor(what: string, stdout: string, stderr: string) {
    super([what, stdout.trimEnd(), stderr.trimEnd()].filter((part) => part !== "").join("\n"));
    this.stderr = stderr;
  }
}

export interface PulumiOptions {
  /** Folder of the project. */
  readonly cwd: string;
  /** Called with every event of the engine, in order, before the command's promise is settled. */
  readonly onEvent?: (event: EngineEvent) => void;
  /** Aborting it interrupts the command as Ctrl-C does. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the `pulumi` that is on PATH, without questions, in this process's group: the terminal's Ctrl-C reaches it.
 *
 * The commands are run here and not by the SDK's Automation API: loading that takes a second, and around every update
 * it starts the CLI five more times.
 *
 * @returns what it printed on standard output.
 * @throws PulumiError if it fails.
 */
export async function pulumi(args: readonly string[], options: PulumiOptions): Promise<string> {
  if (options.onEvent === undefined) return run(args, options);
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-events-"));
  const log = join(directory, "events.json");
  const follower = followEvents(log, options.onEvent);
  try {
    return await run([...args, "--event-log", log], options);
  } finally {
    follower.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(args: readonly string[], { cwd, signal }: PulumiOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive"], {
      cwd,
      // Without it the CLI does not know `--event-log`.
      env: { ...process.env, PULUMI_DEBUG_COMMANDS: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const interrupt = (): void => void child.kill("SIGINT");
    signal?.addEventListener("abort", interrupt, { once: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    const failed = (why: string): PulumiError =>
      new PulumiError(`pulumi ${args[0] ?? ""} ${why}`, text(stdout), text(stderr));
    child.on("error", (error) => reject(failed(`cannot be started: ${error.message}`)));
    child.on("close", (code, killedBy) => {
      signal?.removeEventListener("abort", interrupt);
      if (code === 0) resolve(text(stdout));
      else reject(failed(`ended with ${killedBy ?? code ?? "an error"}`));
    });
  });
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}
