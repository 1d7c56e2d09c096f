/**
 * Starts a plugin. The engine runs each in a process group of its own, cancels what is under way
 * itself, and ends the plugin by SIGINT when it is done with it.
 */
export function startPlugin(run: () => Promise<void>): void {
  endWithEngine();
  run().catch((error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  });
}

/** Ends by `exit`, so that the compiled code is kept; and when the engine has died without a word. */
export function endWithEngine(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit(0);
  }, everyMs).unref();
}

const everyMs = 2000;
