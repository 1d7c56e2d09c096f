import type { Properties } from "../../bridge/values.ts";
import type { Client } from "./client.ts";

/** A refresh asks for the same pods once per Deployment; what is no older than this will do for the next, too. */
const FRESH_MS = 1_000;

/** Collections as they were a moment ago. */
export class Lists {
  readonly #client: Client;
  readonly #recent = new Map<
    string,
    { readonly at: number; readonly items: Promise<Properties[]> }
  >();

  constructor(client: Client) {
    this.#client = client;
  }

  get(path: string, signal: AbortSignal): Promise<Properties[]> {
    const recent = this.#recent.get(path);
    if (recent !== undefined && Date.now() - recent.at < FRESH_MS) return recent.items;
    const items = this.#client.list(path, signal).then((listed) => listed.items);
    this.#recent.set(path, { at: Date.now(), items });
    return items;
  }
}
