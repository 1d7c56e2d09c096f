/** Counts calls in flight and knows when a drain has begun. */
export class Activity {
  #inFlight = 0;
  #lastAt = -Infinity;
  #draining = false;
  #idle: (() => void) | undefined;

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Since the last call started or ended, ms; infinite before the first. */
  get quietMs(): number {
    return this.#inFlight > 0 ? 0 : performance.now() - this.#lastAt;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Marks the start of a call; the returned function its end (later ends are ignored). */
  readonly track = (): (() => void) => {
    this.#inFlight += 1;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#inFlight -= 1;
      this.#lastAt = performance.now();
      if (this.#inFlight === 0) this.#idle?.();
    };
  };

  /** From now on the server is not ready. False when that was so already. */
  beginDrain(): boolean {
    if (this.#draining) return false;
    this.#draining = true;
    return true;
  }

  /** Waits until no call is in flight, at most `limitMs`; returns how many were then still running. */
  async settle(limitMs: number): Promise<number> {
    if (this.#inFlight === 0) return 0;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      timer = setTimeout(resolve, limitMs);
    });
    clearTimeout(timer);
    this.#idle = undefined;
    return this.#inFlight;
  }
}
