import type { Clock } from "../../../components/health/clock.ts";

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until everybody waits for it, and then jumps to the next moment that somebody waits for. */
export class VirtualClock implements Clock {
  #now = Date.parse("2026-01-01T00:00:00Z");
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  /** Seconds since the clock was made. */
  get seconds(): number {
    return (this.#now - Date.parse("2026-01-01T00:00:00Z")) / 1000;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = { at: this.#now + Math.max(0, ms), wake: resolve };
      this.#timers.add(timer);
      signal?.addEventListener("abort", () => {
        this.#timers.delete(timer);
        reject(signal.reason as Error);
      });
    });
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const ended = work.finally(() => (done = true));
    ended.catch(() => undefined);
    for (;;) {
      // Everything that can go on without time goes on first.
      await new Promise((resolve) => setImmediate(resolve));
      if (done) return ended;
      const next = Math.min(...[...this.#timers].map(({ at }) => at));
      if (next === Infinity) continue;
      this.#now = Math.max(this.#now, next);
      for (const timer of [...this.#timers].filter(({ at }) => at <= this.#now)) {
        this.#timers.delete(timer);
        timer.wake();
      }
    }
  }
}
