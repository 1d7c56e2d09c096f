import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Activity } from "./activity.ts";
import type { Logger } from "./logging.ts";

/** Once closing has begun, connections that hang cannot hold the process for longer. */
const CLOSE_LIMIT_MS = 5000;

/** Calls that follow each other faster than this come from somebody who has not noticed the drain yet. */
const QUIET_MS = 500;

/**
 * The gateway asks every 2 s, then twice more after 0.5 s each, before it believes that a server is not ready. Whoever
 * still sends after this time does not ask at all.
 */
const NOTICE_LIMIT_MS = 5000;

export interface DrainParts {
  readonly activity: Activity;
  readonly stopListening: () => void;
  readonly close: () => Promise<void>;
  readonly log: Logger;
  /** Longest wait for calls in flight. */
  readonly drainMs: number;
  /**
   * No call for so long: nobody sends here any more.
   *
   * @default 500
   */
  readonly quietMs?: number;
  readonly exit: (code: number) => void;
}

/**
 * Returns the handler of SIGTERM and SIGINT. The first signal drains: not ready at once, no new
 * sessions, calls in flight finish within the limit and so do those that come until the gateway has
 * noticed, then streams and connections are closed and the process exits with 0. Where nobody calls
 * any more that takes no time. A second signal exits at once with 1.
 */
export function createStopper({
  activity,
  stopListening,
  close,
  log,
  drainMs,
  quietMs = QUIET_MS,
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
    const notice = Math.min(deadline, performance.now() + NOTICE_LIMIT_MS);
    while (activity.quietMs < quietMs && performance.now() < notice) {
      // The connections of idle clients are closed below; a call on its way there would be lost.
      await delay(Math.max(1, Math.min(quietMs - activity.quietMs, notice - performance.now())));
      await activity.settle(Math.max(0, deadline - performance.now()));
    }
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
