import { randomUUID } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** What the fake server saw of a request; also what it answers. */
export interface Seen {
  readonly server: string;
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

interface Message {
  readonly method?: string;
  readonly ms?: number;
}

/**
 * As much of an MCP server as a gateway can tell: sessions that live in this process alone, event streams, slow
 * calls, readiness. `POST` methods: `initialize`, `slow` (`ms`), `break` (hangs up); anything else echoes.
 */
export class FakeMcpServer {
  ready = true;
  readonly seen: Seen[] = [];
  readonly streams = new Set<http.ServerResponse>();
  readonly #sessions = new Set<string>();
  readonly #server = http.createServer((request, response) => this.#serve(request, response));

  readonly name: string;

  private constructor(name: string) {
    this.name = name;
    this.#server.keepAliveTimeout = 90_000;
  }

  static async start(name: string, port = 0): Promise<FakeMcpServer> {
    const server = new FakeMcpServer(name);
    await server.listen(port);
    return server;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends at once, with everything that is going on. */
  kill(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.url === "/ready") {
      response.writeHead(this.ready ? 200 : 503).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => this.#answer(request, response, Buffer.concat(chunks).toString()));
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse, body: string): void {
    const seen: Seen = {
      server: this.name,
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
    };
    this.seen.push(seen);
    const session = request.headers["mcp-session-id"];
    if (typeof session === "string" && !this.#sessions.has(session)) {
      response.writeHead(404).end("no such session");
      return;
    }
    if (request.method === "GET") return this.#stream(response);
    if (request.method === "DELETE") this.#sessions.delete(String(session));
    const message = (body === "" ? {} : JSON.parse(body)) as Message;
    const reply = () => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(seen));
    };
    if (message.method === "break") {
      request.socket.destroy();
    } else if (message.method === "slow") {
      setTimeout(reply, message.ms ?? 0);
    } else {
      if (message.method === "initialize") {
        // A dot, because real ids may have one.
        const id = `${this.name}.${randomUUID()}`;
        this.#sessions.add(id);
        response.setHeader("Mcp-Session-Id", id);
      }
      reply();
    }
  }

  #stream(response: http.ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream" });
    this.streams.add(response);
    response.write(`data: ${this.name}\n\n`);
    const timer = setInterval(() => response.write("data: tick\n\n"), 100);
    response.on("close", () => {
      clearInterval(timer);
      this.streams.delete(response);
    });
  }
}
