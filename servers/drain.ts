import { setImmediate as nextTurn } from "node:timers/promises";
import type { Activity } from "./activity.ts";
import type { Logger } from "./logging.ts";

/** Once closing has begun, connections that hang cannot hold the process for longer. */
const CLOSE_LIMIT_MS = 5000;

export interface DrainParts {
  readonly activity: Activity;
  readonly stopListening: () => void;
  readonly close: () => Promise<void>;
  readonly log: Logger;
  /** Longest wait for calls in flight. */
  readonly drainMs: number;
  readonly exit: (code: number) => void;
}

/**
 * Returns the handler of SIGTERM and SIGINT. The first signal drains: not ready at once, no new
 * sessions, calls in flight finish within the limit, then streams and connections are closed and
 * the process exits with 0. A second signal exits at once with 1.
 */
export function createStopper({
  activity,
  stopListening,
  close,
  log,
  drainMs,
  exit,
}: DrainParts): (signal: string) => Promise<void> {
  return async (signal) => {
    if (!activity.beginDrain()) {
      log.warn({ signal }, "second stop signal: exiting without waiting");
      exit(1);
      return;
    }
    log.info({ signal, inFlight: activity.inFlight, drainSeconds: drainMs / 1000 }, "draining");
    const deadline = performance.now() + drainMs;
    await activity.settle(drainMs);
    stopListening();
    // A request may have come in over an open connection while the listener was being closed.
    await nextTurn();
    const cut = await activity.settle(Math.max(0, deadline - performance.now()));
    if (cut > 0) log.warn({ cut }, "drain time is over: calls are cut off");
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_LIMIT_MS);
    });
    await Promise.race([close(), limit]);
    clearTimeout(timer);
    log.info({ cut }, "stopped");
    exit(0);
  };
}
