import type { Clock } from "./clock.ts";

interface Entry {
  readonly at: number;
  readonly value: Promise<unknown>;
}

/** Questions that several probes ask at the same time, asked once. A failed one is asked again. */
export class Shared {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param maxAgeMs an answer that was asked for longer ago is not used. */
  get<T>(key: string, maxAgeMs: number, ask: () => Promise<T>): Promise<T> {
    const now = this.#clock.now();
    const known = this.#entries.get(key);
    // One key belongs to one kind of question.
    if (known && now - known.at < maxAgeMs) return known.value as Promise<T>;
    const value = ask();
    this.#entries.set(key, { at: now, value });
    value.catch(() => {
      if (this.#entries.get(key)?.value === value) this.#entries.delete(key);
    });
    return value;
  }
}
