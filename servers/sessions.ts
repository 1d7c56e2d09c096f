/** What a session holds, and how to end it. */
export interface SessionResource {
  close(): Promise<void>;
}

interface Entry<T> {
  readonly resource: T;
  readonly openedAt: number;
  lastSeenAt: number;
  /** Requests and streams that are open now: while there are any, the client is alive. */
  open: number;
}

export interface SessionStoreOptions {
  readonly idleMs: number;
  readonly max: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
  /** Called once per ended session with its duration in seconds. */
  readonly onEnd?: (id: string, seconds: number) => void;
}

/** Open sessions by id. They end by DELETE, by idling, or with the process. */
export class SessionStore<T extends SessionResource> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #idleMs: number;
  readonly #max: number;
  readonly #now: () => number;
  readonly #onEnd: NonNullable<SessionStoreOptions["onEnd"]>;

  constructor(options: SessionStoreOptions) {
    this.#idleMs = options.idleMs;
    this.#max = options.max;
    this.#now = options.now ?? (() => performance.now());
    this.#onEnd = options.onEnd ?? (() => undefined);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether another session fits; at the limit, idle ones are ended first. */
  hasRoom(): boolean {
    if (this.#entries.size >= this.#max) this.sweep();
    return this.#entries.size < this.#max;
  }

  add(id: string, resource: T): void {
    const now = this.#now();
    this.#entries.set(id, { resource, openedAt: now, lastSeenAt: now, open: 0 });
  }

  /** The session for a request, which counts as open until the returned `done` is called. */
  use(id: string): { readonly resource: T; readonly done: () => void } | undefined {
    const entry = this.#entries.get(id);
    if (!entry || this.#expired(entry)) return undefined;
    entry.open += 1;
    entry.lastSeenAt = this.#now();
    let finished = false;
    return {
      resource: entry.resource,
      done: () => {
        if (finished) return;
        finished = true;
        entry.open -= 1;
        entry.lastSeenAt = this.#now();
      },
    };
  }

  /** Forgets a session and ends what it holds; false if it was gone already. */
  end(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#entries.delete(id);
    this.#onEnd(id, (this.#now() - entry.openedAt) / 1000);
    entry.resource.close().catch(() => undefined);
    return true;
  }

  /** Ends every idle session and returns how many that were. */
  sweep(): number {
    let ended = 0;
    for (const [id, entry] of this.#entries) {
      if (this.#expired(entry) && this.end(id)) ended += 1;
    }
    return ended;
  }

  endAll(): void {
    for (const id of [...this.#entries.keys()]) this.end(id);
  }

  #expired(entry: Entry<T>): boolean {
    return entry.open === 0 && this.#now() - entry.lastSeenAt >= this.#idleMs;
  }
}
