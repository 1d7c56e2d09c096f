/** One finished operation, as the health answer counts it. */
export interface Outcome {
  readonly durationMs: number;
  /** The answer was an error of any kind. */
  readonly failed: boolean;
  /** The error was the server's own, not the caller's: these decide `degraded`. */
  readonly fault: boolean;
}

/**
 * The last operations (1000 by default), for the percentiles and the error share of `/health`.
 * A ring of numbers: no allocation per call, constant memory.
 */
export class RecentOperations {
  readonly #durations: Float64Array;
  readonly #faults: Uint8Array;
  #next = 0;
  #size = 0;
  #faultCount = 0;
  total = 0;
  errors = 0;

  constructor(capacity = 1000) {
    this.#durations = new Float64Array(capacity);
    this.#faults = new Uint8Array(capacity);
  }

  add(outcome: Outcome): void {
    this.total += 1;
    if (outcome.failed) this.errors += 1;
    this.#faultCount += (outcome.fault ? 1 : 0) - (this.#faults[this.#next] ?? 0);
    this.#durations[this.#next] = outcome.durationMs;
    this.#faults[this.#next] = outcome.fault ? 1 : 0;
    this.#next = (this.#next + 1) % this.#durations.length;
    this.#size = Math.min(this.#size + 1, this.#durations.length);
  }

  /** Operations in the window. */
  get size(): number {
    return this.#size;
  }

  /** Share (0-1) of the window that failed by the server's fault; 0 without traffic. */
  get faultRatio(): number {
    return this.#size === 0 ? 0 : this.#faultCount / this.#size;
  }

  /** Milliseconds at each quantile (0-1) by the nearest-rank method; 0 without traffic. */
  quantiles<const Q extends readonly number[]>(quantiles: Q): { [I in keyof Q]: number } {
    const sorted = this.#durations.slice(0, this.#size).sort();
    return quantiles.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * sorted.length));
      return round(sorted[rank - 1] ?? 0);
    }) as { [I in keyof Q]: number };
  }
}

/** Two digits after the point: a hundredth of a millisecond is below what a timer can tell. */
function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
