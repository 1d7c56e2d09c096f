import type { DatabaseConfig } from "./config.ts";
import { createPool } from "./database.ts";

class SilenceError extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
    this.name = "SilenceError";
  }
}

/** What the last probe saw. */
export interface DatabaseState {
  readonly healthy: boolean;
  /** Round trip of the last successful probe; 0 before the first. Milliseconds. */
  readonly latencyMs: number;
}

/** Between the end of one probe and the start of the next. */
const INTERVAL_MS = 1000;

/**
 * Longest wait for one answer. Silence counts only when it repeats, for a busy machine is silent at
 * times; so an outage without any sign shows after 1 + 2 * 1.75 = 4.5 s, a refused connection at once.
 */
const TIMEOUT_MS = 1750;

export interface ProbeOptions {
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  /** Called when the state turns, with the reason for the worse. */
  readonly onChange?: (healthy: boolean, error?: unknown) => void;
}

/**
 * Asks the database again and again, whether or not there is traffic, on a connection of its own: a
 * pool that is busy with slow calls must not look like a database that is gone.
 */
export class DatabaseProbe {
  readonly #ask: () => Promise<void>;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  readonly #onChange: NonNullable<ProbeOptions["onChange"]>;
  #state: DatabaseState = { healthy: false, latencyMs: 0 };
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(ask: () => Promise<void>, options: ProbeOptions = {}) {
    this.#ask = ask;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#onChange = options.onChange ?? (() => undefined);
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** Probes now; a probe that is already running is the answer. Never rejects. */
  probe(): Promise<void> {
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #once(): Promise<void> {
    clearTimeout(this.#timer);
    const started = performance.now();
    try {
      await this.#askTwice();
      this.#turn({ healthy: true, latencyMs: performance.now() - started });
    } catch (error) {
      this.#turn({ healthy: false, latencyMs: this.#state.latencyMs }, error);
    }
  }

  async #askTwice(): Promise<void> {
    try {
      await withTimeout(this.#ask(), this.#timeoutMs);
    } catch (error) {
      if (!(error instanceof SilenceError)) throw error;
      await withTimeout(this.#ask(), this.#timeoutMs);
    }
  }

  #turn(next: DatabaseState, error?: unknown): void {
    const before = this.#state.healthy;
    this.#state = next;
    if (before !== next.healthy && !this.#stopped) this.#onChange(next.healthy, error);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.probe(), this.#intervalMs);
    this.#timer.unref();
  }
}

/** A probe's question over its own single connection, and how to close that. */
export function databaseQuestion(
  config: DatabaseConfig,
  applicationName: string,
): { ask: () => Promise<void>; close: () => Promise<void> } {
  const pool = createPool(config, `${applicationName}-probe`, {
    max: 1,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  return {
    ask: async () => {
      const client = await pool.connect();
      try {
        await client.query("SELECT 1");
        client.release();
      } catch (error) {
        // A connection whose question timed out may still be waiting for the answer: not reusable.
        client.release(true);
        throw error;
      }
    },
    close: () => pool.end(),
  };
}

async function withTimeout(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new SilenceError(timeoutMs)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    // When the timeout won, the work may still fail later; that is already known.
    work.catch(() => undefined);
  }
}
