/**
 * Ctrl-C: the engine gets the same signal from the terminal, ends the steps it began and writes the state. So the
 * first one only says what happens; the second one stops hard.
 */
export function onInterrupt(note: (text: string) => void): {
  readonly signal: AbortSignal;
  dispose(): void;
} {
  const controller = new AbortController();
  let count = 0;
  const handle = (): void => {
    count += 1;
    if (count === 1) {
      note(
        "interrupted: running steps are finished and recorded; press again to stop at once. The next ./fleet up goes on",
      );
      controller.abort();
    } else {
      process.exit(130);
    }
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
