import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { statelessCall } from "../../../bench/calls.ts";
import { exchange, NoAnswerError, problemOf } from "../../../bench/load/exchange.ts";
import { connect } from "../../docker/support/mcp-conversation.ts";

/** Between two writes, ms. */
const PAUSE_MS = 30;

/** Longer than a pooler holds a statement back while its database starts. */
const TIMEOUT_MS = 20_000;

const CHAPTER = "written under faults";

/** What became of the writes since `start`. */
export interface Written {
  readonly acknowledged: number;
  /** Reason -> number of writes without a good answer: each may have been carried out or not. */
  readonly refusedBy: Readonly<Record<string, number>>;
}

/** Creates one scene after the other, each with a title of its own, and knows which ones were acknowledged. */
export class SceneWriter {
  readonly #url: string;
  readonly #token: string;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #acknowledged: string[] = [];
  #attempts = 0;
  #refusedBy: Record<string, number> = {};
  #before = 0;
  #going = false;
  #loop: Promise<void> = Promise.resolve();

  /** @param url of the server `scene`. */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  start(): void {
    this.#before = this.#acknowledged.length;
    this.#refusedBy = {};
    this.#going = true;
    this.#loop = this.#write();
  }

  now(): Written {
    return {
      acknowledged: this.#acknowledged.length - this.#before,
      refusedBy: { ...this.#refusedBy },
    };
  }

  async stop(): Promise<Written> {
    this.#going = false;
    await this.#loop;
    return this.now();
  }

  /** Reads all scenes back, those of earlier runs too: which acknowledged ones are missing, and which are there twice. */
  async audit(): Promise<{ readonly missing: string[]; readonly twice: string[] }> {
    const stored = new Map<string, number>();
    const headers = { Authorization: `Bearer ${this.#token}` };
    const reader = await connect("2026", { url: this.#url, headers });
    let after: number | null | undefined;
    do {
      const page = (await reader.call("list_scenes", {
        ...{ chapter: CHAPTER, limit: 100 },
        ...(after && { after }),
      })) as {
        readonly scenes: readonly { readonly title: string }[];
        readonly nextAfter: number | null;
      };
      for (const { title } of page.scenes) stored.set(title, (stored.get(title) ?? 0) + 1);
      after = page.nextAfter;
    } while (after !== null);
    await reader.close();
    return {
      missing: this.#acknowledged.filter((title) => !stored.has(title)),
      twice: [...stored].filter(([, times]) => times > 1).map(([title]) => title),
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #write(): Promise<void> {
    for (; this.#going; await sleep(PAUSE_MS)) {
      const title = `scene ${++this.#attempts}`;
      const reason = await this.#create(title);
      if (reason === undefined) this.#acknowledged.push(title);
      else this.#refusedBy[reason] = (this.#refusedBy[reason] ?? 0) + 1;
    }
  }

  /** Why it is not acknowledged; undefined if it is. Sent once, never again. */
  async #create(title: string): Promise<string | undefined> {
    const args = { chapter: CHAPTER, title, pointOfView: "nobody", location: "a cluster" };
    const call = statelessCall(this.#url, this.#token, "create_scene", args);
    try {
      return problemOf(await exchange({ ...call, agent: this.#agent, timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      if (error instanceof NoAnswerError) return error.reason;
      throw error;
    }
  }
}
