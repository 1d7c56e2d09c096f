import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { toolProblem } from "./report.ts";

/**
 * Runs `work` while this process alone, of all on the machine, holds `file`.
 *
 * The lock is a child's (`flock FILE cat`): it falls when this process ends, however it ends, and is never stale.
 * The child has a session of its own, so that Ctrl-C does not free it before the work is undone. Where there is no
 * `flock` (macOS) the work runs unlocked: results are published by rename, so the worst is work done twice.
 *
 * @param waitMs how long to wait for another holder before giving up
 */
export async function withLock<T>(
  file: string,
  options: {
    readonly waitMs: number;
    readonly onWait?: () => void;
    readonly env?: NodeJS.ProcessEnv;
  },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const child = spawn("flock", ["--exclusive", file, "cat"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
    env: options.env ?? process.env,
  });
  child.stdin.on("error", () => undefined);
  let announce: NodeJS.Timeout | undefined;
  let giveUp: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      announce = setTimeout(() => options.onWait?.(), 1_000);
      giveUp = setTimeout(() => {
        const seconds = Math.round(options.waitMs / 1000);
        reject(
          toolProblem(
            "lock",
            `${file} is held by another process for more than ${seconds} s`,
            "wait for the other `fleet` to finish, or end it",
          ),
        );
      }, options.waitMs);
      child.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") resolve();
        else reject(error);
      });
      child.on("exit", (code) => reject(new Error(`flock ${file}: exit ${String(code)}`)));
      // `cat` echoes this byte as soon as it runs, and it runs as soon as the lock is ours.
      child.stdout.once("data", () => resolve());
      child.stdin.write("\n");
    }).finally(() => {
      clearTimeout(announce);
      clearTimeout(giveUp);
    });
    return await work();
  } finally {
    child.stdin.end();
    child.stdout.destroy();
    if (child.exitCode === null) child.kill("SIGTERM");
  }
}
