import { setMaxListeners } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";
import type { Target, Transport } from "../platform/transport.ts";

export interface HttpQuestion {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Bodies beyond this are cut: a probe reads answers, not downloads. Bytes. */
const maxBodyBytes = 4 * 1024 * 1024;

/** Keep-alive connections to workloads, by way of a transport; polls of the same port share them. */
export class Connections {
  readonly #transport: Transport;
  readonly #agents = new Map<string, Agent>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One request and its whole answer. @throws network errors, and errors of the transport. */
  async exchange(
    target: Target,
    port: number,
    question: HttpQuestion,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const response = await this.#send(target, port, question, signal);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response) {
      size += (chunk as Buffer).length;
      if (size > maxBodyBytes) break;
      chunks.push(chunk as Buffer);
    }
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
  }

  /** `fetch` for clients that bring their own idea of HTTP; host and port of the URL are ignored. */
  fetchTo(
    target: Target,
    port: number,
  ): (url: string | URL, init?: RequestInit) => Promise<Response> {
    return async (url, init = {}) => {
      const { pathname, search } = new URL(url);
      const headers = Object.fromEntries(new Headers(init.headers));
      const body = init.body === undefined || init.body === null ? undefined : init.body;
      if (body !== undefined && typeof body !== "string") {
        throw new TypeError("a request of a probe has a text as its body");
      }
      const response = await this.#send(
        target,
        port,
        {
          method: init.method ?? "GET",
          path: `${pathname}${search}`,
          headers,
          ...(body !== undefined && { body }),
        },
        init.signal ?? new AbortController().signal,
      );
      const status = response.statusCode ?? 500;
      const empty = status === 204 || status === 304 || init.method === "HEAD";
      if (empty) response.resume();
      return new Response(empty ? null : (Readable.toWeb(response) as ReadableStream), {
        status,
        headers: pairs(response),
      });
    };
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #send(
    target: Target,
    port: number,
    question: HttpQuestion,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const agent = this.#agent(target, port);
    const attempt = () => send(agent, target, port, question, signal);
    try {
      return await attempt();
    } catch (error) {
      // The server closed an idle connection just as it was used again: says nothing about the server.
      if (error instanceof StaleConnectionError) return attempt();
      throw error;
    }
  }

  #agent(target: Target, port: number): Agent {
    const key = `${target.workload}:${port}`;
    let agent = this.#agents.get(key);
    if (!agent) {
      agent = new DialingAgent((signal) => this.#transport.dial(target, port, { signal }));
      this.#agents.set(key, agent);
    }
    return agent;
  }
}

/** A connection that was kept alive turned out to be closed. */
class StaleConnectionError extends Error {}

function send(
  agent: Agent,
  target: Target,
  port: number,
  { method, path, headers, body }: HttpQuestion,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const host = `${target.address ?? target.workload}:${port}`;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const request = httpRequest({
      agent,
      method,
      path,
      signal,
      headers: { host, ...headers, ...length },
    });
    request.on("response", resolve);
    request.on("error", (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      reject(stale && !signal.aborted ? new StaleConnectionError() : error);
    });
    request.end(body);
  });
}

type Created = (error: Error | null, stream: Duplex) => void;

/** An agent whose sockets come from somewhere else. */
class DialingAgent extends Agent {
  readonly #dial: (signal: AbortSignal) => Promise<Duplex>;
  readonly #ended = new AbortController();

  constructor(dial: (signal: AbortSignal) => Promise<Duplex>) {
    super({ keepAlive: true, maxFreeSockets: 4 });
    // Every connection that is being made listens, and a Prometheus is asked many questions at once.
    setMaxListeners(0, this.#ended.signal);
    this.#dial = dial;
  }

  override createConnection(_options: unknown, created?: Created): Duplex | null | undefined {
    this.#dial(this.#ended.signal).then(
      (stream) => created?.(null, stream),
      (error: Error) => (created as ((error: Error) => void) | undefined)?.(error),
    );
    return undefined;
  }

  override destroy(): void {
    this.#ended.abort();
    super.destroy();
  }
}

function pairs({ rawHeaders }: IncomingMessage): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    found.push([rawHeaders[at]!, rawHeaders[at + 1]!]);
  }
  return found;
}
