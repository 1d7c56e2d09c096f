import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";

/** How long the engine has to say that the terminal's Ctrl-C reached it too, milliseconds. */
const heardWithinMs = 3000;

/** Signals of the user during one operation of the engine. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** To be called with every event of the engine. */
  readonly onEvent: (event: EngineEvent) => void;
  /** Whether the user has interrupted. */
  interrupted(): boolean;
  dispose(): void;
}

/**
 * Ctrl-C: the terminal sends it to the engine as well, which ends the steps it began and writes the state. A second
 * one would make it stop hard and lose what it is doing, so it is passed on only when the engine did not hear the
 * first, as when one process alone is signalled (`kill`, `docker stop`, a CI runner).
 */
export function onInterrupt(
  note: (text: string) => void,
  waitMs: number = heardWithinMs,
): Interrupt {
  const controller = new AbortController();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const handle = (): void => {
    count += 1;
    if (count > 1) process.exit(130);
    note(
      "interrupted: running steps are finished, then everything is rolled back; " +
        "press again to stop at once, and the next ./fleet up rolls back first",
    );
    timer = setTimeout(() => controller.abort(), waitMs);
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return {
    signal: controller.signal,
    onEvent: ({ stdoutEvent }) => {
      if (stdoutEvent && /received; cancelling/i.test(stdoutEvent.message)) clearTimeout(timer);
    },
    interrupted: () => count > 0,
    dispose: () => {
      clearTimeout(timer);
      process.off("SIGINT", handle);
      process.off("SIGTERM", handle);
    },
  };
}
