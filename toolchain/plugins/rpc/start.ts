/**
 * Starts a plugin. The engine runs each in a process group of its own, cancels what is under way
 * itself, and ends the plugin by SIGINT when it is done with it.
 */
export function startPlugin(run: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(0));
  run().catch((error: unknown) => {
    process.stderr.write(
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = 1;
  });
}
