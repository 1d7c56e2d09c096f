import type http from "node:http";
import {
  sessionHeaders,
  statelessCall,
  toolCall,
  initializeBody,
  initializedBody,
} from "../calls.ts";
import { exchange, NoAnswerError, problemOf } from "./exchange.ts";

/** What became of one call. `moved`: its session was gone, was opened anew as the protocol says, and answered then. */
export interface Outcome {
  readonly kind: "ok" | "moved" | "lost";
  /** Only of lost calls: `HTTP 503`, `ECONNRESET`, `timeout`, `tool error: <text>`, `initialize: HTTP 503`, ... */
  readonly reason?: string;
}

/** A client of one server that can be asked for a tool call at any time, also while others are under way. */
export interface LoadClient {
  call(): Promise<Outcome>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly url: string;
  readonly token: string;
  readonly timeoutMs: number;
  readonly agent: http.Agent;
}

async function attempt(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoAnswerError) return { kind: "lost", reason: error.reason };
    throw error;
  }
}

/** The revision 2026-07-28: every call stands for itself. */
export function statelessClient(options: ClientOptions): LoadClient {
  const { headers, body } = statelessCall(options.url, options.token);
  return {
    call: () =>
      attempt(async () => {
        const reason = problemOf(await exchange({ ...options, headers, body }));
        return reason === undefined ? { kind: "ok" } : { kind: "lost", reason };
      }),
    close: () => Promise.resolve(),
  };
}

/** A session of the 2025 revisions, opened with the first call. */
export class SessionClient implements LoadClient {
  readonly #options: ClientOptions;
  readonly #onOpen: (again: boolean) => void;
  #session: Promise<string> | undefined;
  #opened = 0;
  #lastId = 1;

  constructor(options: ClientOptions, onOpen: (again: boolean) => void) {
    this.#options = options;
    this.#onOpen = onOpen;
  }

  call(): Promise<Outcome> {
    return attempt(async () => {
      const first = await this.#callOnce();
      if (!("gone" in first)) return first;
      // The specification's way: 404 means that the session has ended, so a new one is opened and the call repeated.
      const second = await this.#callOnce();
      if ("gone" in second) return { kind: "lost", reason: "HTTP 404, twice" };
      return second.kind === "ok" ? { kind: "moved" } : second;
    });
  }

  async close(): Promise<void> {
    const id = await this.#session?.catch(() => undefined);
    if (id === undefined) return;
    const headers = sessionHeaders(this.#options.token, id);
    await exchange({ ...this.#options, method: "DELETE", headers }).catch(() => undefined);
  }

  async #callOnce(): Promise<Outcome | { readonly gone: true }> {
    const session = (this.#session ??= this.#open());
    let id: string;
    try {
      id = await session;
    } catch (error) {
      if (this.#session === session) this.#session = undefined;
      if (error instanceof NoAnswerError) return { kind: "lost", reason: error.reason };
      throw error;
    }
    const headers = sessionHeaders(this.#options.token, id);
    const answer = await exchange({ ...this.#options, headers, body: toolCall(++this.#lastId) });
    if (answer.status === 404) {
      // Calls that were under way together open one new session, not one each.
      if (this.#session === session) this.#session = undefined;
      return { gone: true };
    }
    const reason = problemOf(answer);
    return reason === undefined ? { kind: "ok" } : { kind: "lost", reason };
  }

  async #open(): Promise<string> {
    const { token } = this.#options;
    try {
      const answer = await exchange({
        ...this.#options,
        headers: sessionHeaders(token),
        body: initializeBody,
      });
      const problem = problemOf(answer) ?? (answer.session ? undefined : "no session id");
      if (problem !== undefined || answer.session === undefined)
        throw new NoAnswerError(problem ?? "no session id");
      await exchange({
        ...this.#options,
        headers: sessionHeaders(token, answer.session),
        body: initializedBody,
      });
      this.#onOpen(this.#opened++ > 0);
      return answer.session;
    } catch (error) {
      if (error instanceof NoAnswerError) throw new NoAnswerError(`initialize: ${error.reason}`);
      throw error;
    }
  }
}
