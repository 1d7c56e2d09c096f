import { randomUUID } from "node:crypto";
import {
  isInitializeRequest,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Server } from "@modelcontextprotocol/server";
import { SessionStore } from "../sessions.ts";
import type { ServerMetrics } from "../metrics.ts";
import { errorAnswer, overloaded } from "./answers.ts";
import { versionLabel } from "./labels.ts";

/** Comment frames on idle streams, so that proxies and dead peers are noticed. Milliseconds. */
const KEEP_ALIVE_MS = 15_000;

export interface LegacyOptions {
  readonly createServer: () => Server;
  readonly metrics: ServerMetrics;
  readonly idleMs: number;
  readonly max: number;
  readonly draining: () => boolean;
}

class Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: Server;
  readonly protocolVersion: string;

  constructor(id: string, server: Server, protocolVersion: string, onDelete: () => void) {
    this.server = server;
    this.protocolVersion = protocolVersion;
    this.transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      // No tool reports progress, so a stream per call would only cost the gateway a buffer.
      enableJsonResponse: true,
      keepAliveMs: KEEP_ALIVE_MS,
      onsessionclosed: onDelete,
    });
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** Streamable HTTP with sessions, as the 2025 revisions define it. */
export class LegacyEndpoint {
  readonly #options: LegacyOptions;
  readonly #versions = new Map<string, string>();
  readonly sessions: SessionStore<Session>;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: LegacyOptions) {
    this.#options = options;
    this.sessions = new SessionStore<Session>({
      idleMs: options.idleMs,
      max: options.max,
      onEnd: (id, seconds) => {
        options.metrics.session(seconds, this.#versions.get(id) ?? versionLabel(undefined));
        this.#versions.delete(id);
      },
    });
    const period = Math.min(Math.max(options.idleMs / 4, 250), 30_000);
    this.#sweeper = setInterval(() => this.sessions.sweep(), period);
    this.#sweeper.unref();
  }

  /** Answers one request; `done` must be called when the answer, a stream included, is over. */
  async handle(request: Request, body: unknown): Promise<{ response: Response; done: () => void }> {
    const id = request.headers.get("mcp-session-id");
    if (id !== null) {
      const session = this.sessions.use(id);
      if (!session)
        return finished(errorAnswer(404, -32001, "Session not found; initialize a new one"));
      const response = await session.resource.transport.handleRequest(request, {
        parsedBody: body,
      });
      return { response, done: session.done };
    }
    if (request.method === "POST" && isInitializeRequest(body)) {
      return this.#open(request, body, versionLabel(body.params.protocolVersion));
    }
    return finished(
      errorAnswer(400, -32000, "Mcp-Session-Id is missing; initialize a session first"),
    );
  }

  async #open(
    request: Request,
    body: unknown,
    protocolVersion: string,
  ): Promise<{ response: Response; done: () => void }> {
    if (this.#options.draining()) {
      this.#options.metrics.sessionRejected("draining");
      return finished(overloaded("This server is about to stop; open the session again"));
    }
    if (!this.sessions.hasRoom()) {
      this.#options.metrics.sessionRejected("limit");
      return finished(overloaded("Too many open sessions; close some or try later"));
    }
    const id = randomUUID();
    const session = new Session(id, this.#options.createServer(), protocolVersion, () => {
      this.sessions.end(id);
    });
    // Registered before anything is awaited: the limit holds for simultaneous requests too.
    this.sessions.add(id, session);
    this.#versions.set(id, protocolVersion);
    const use = this.sessions.use(id);
    try {
      await session.server.connect(session.transport);
      const response = await session.transport.handleRequest(request, { parsedBody: body });
      if (!response.ok) this.sessions.end(id);
      return { response, done: use?.done ?? noop };
    } catch (error) {
      this.sessions.end(id);
      throw error;
    }
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.sessions.endAll();
  }
}

function finished(response: Response): { response: Response; done: () => void } {
  return { response, done: noop };
}

function noop(): void {
  // Nothing is held.
}
