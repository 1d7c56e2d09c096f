import { setTimeout as sleep } from "node:timers/promises";
import { isObject, type Properties } from "../../bridge/values.ts";
import { textAt } from "../object.ts";
import type { Client } from "./client.ts";

/** Waits between attempts to reach a collection again. */
const RETRY_MS = { first: 500, most: 10_000 } as const;

const PAUSE_MS = 100;

export interface Event {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: Properties;
}

export type Listener = (event: Event) => void;

/** The content of one collection, kept up to date: listed once, then watched, and listed again after a gap. */
export class Informer {
  readonly #client: Client;
  readonly #path: string;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<Listener>();
  #objects = new Map<string, Properties>();
  /** Those who want to know when the content is known for the first time. */
  readonly #unlisted = new Set<() => void>();
  #isListed = false;
  #version = "";

  constructor(client: Client, path: string) {
    this.#client = client;
    this.#path = path;
    void this.#run();
  }

  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  /** @param onListed called once, after what is there has been told of */
  add(listener: Listener, onListed: () => void): void {
    this.#listeners.add(listener);
    for (const object of this.#objects.values()) listener({ type: "ADDED", object });
    if (this.#isListed) onListed();
    else this.#unlisted.add(onListed);
  }

  remove(listener: Listener, onListed: () => void): void {
    this.#listeners.delete(listener);
    this.#unlisted.delete(onListed);
  }

  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let wait: number = RETRY_MS.first;
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#list();
        await this.#watch();
        wait = RETRY_MS.first;
        // Servers end watches after minutes; one that ends them at once must not be asked without pause.
        await sleep(PAUSE_MS, undefined, { signal });
      } catch {
        // Whoever waits for the collection has a deadline, and says what it missed.
        this.#version = "";
        await sleep(wait, undefined, { signal }).catch(() => undefined);
        wait = Math.min(wait * 2, RETRY_MS.most);
      }
    }
  }

  async #list(): Promise<void> {
    const { items, resourceVersion } = await this.#client.list(this.#path, this.#abort.signal);
    const gone = new Map(this.#objects);
    for (const object of items) {
      const uid = textAt(object, "metadata", "uid");
      gone.delete(uid);
      this.#tell({ type: this.#objects.has(uid) ? "MODIFIED" : "ADDED", object });
    }
    for (const object of gone.values()) this.#tell({ type: "DELETED", object });
    this.#version = resourceVersion;
    this.#isListed = true;
    for (const onListed of this.#unlisted) onListed();
    this.#unlisted.clear();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#abort;
    const stream = await this.#client.watch(this.#path, this.#version, signal);
    stream.setEncoding("utf8");
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#read(line);
    }
  }

  #read(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: Properties };
    // The version is too old to go on from, or the server is going away.
    if (type === "ERROR" || !isObject(object)) throw new Error("the watch has ended");
    this.#version = textAt(object, "metadata", "resourceVersion");
    if (type !== "BOOKMARK") this.#tell({ type: type as Event["type"], object });
  }

  #tell(event: Event): void {
    const uid = textAt(event.object, "metadata", "uid");
    if (event.type === "DELETED") this.#objects.delete(uid);
    else this.#objects.set(uid, event.object);
    for (const listener of [...this.#listeners]) listener(event);
  }
}
