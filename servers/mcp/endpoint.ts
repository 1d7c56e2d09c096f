import type { IncomingMessage, ServerResponse } from "node:http";
import {
  classifyInboundRequest,
  createMcpHandler,
  isJsonContentType,
} from "@modelcontextprotocol/server";
import type { McpHttpHandler, Server } from "@modelcontextprotocol/server";
import { attachExchange } from "../exchange.ts";
import type { Exchange } from "../exchange.ts";
import type { ServerMetrics } from "../metrics.ts";
import { BodyTooLargeError, readBody, sendWebResponse, toWebRequest } from "../web-bridge.ts";
import { errorAnswer } from "./answers.ts";
import { isObject, methodLabel, toolLabel, versionLabel } from "./labels.ts";
import { LegacyEndpoint } from "./legacy.ts";

export interface EndpointOptions {
  readonly createServer: () => Server;
  readonly tools: { has(name: string): boolean };
  readonly metrics: ServerMetrics;
  readonly sessionIdleMs: number;
  readonly sessionMax: number;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly draining: () => boolean;
  /** Called when a call starts; the returned function when it is answered. Streams are not calls. */
  readonly trackCall: () => () => void;
  /** `FAULT=no-mcp`: every request is answered 500. */
  readonly broken: boolean;
}

/** `/mcp`: decides which protocol era a request belongs to, and answers it in that era. */
export class McpEndpoint {
  readonly #options: EndpointOptions;
  readonly #legacy: LegacyEndpoint;
  readonly #modern: McpHttpHandler;

  constructor(options: EndpointOptions) {
    const { createServer, metrics, sessionIdleMs: idleMs, sessionMax: max, draining } = options;
    this.#options = options;
    this.#legacy = new LegacyEndpoint({ createServer, metrics, idleMs, max, draining });
    this.#modern = createMcpHandler(createServer, { legacy: "reject", maxSubscriptions: max });
  }

  get activeSessions(): number {
    return this.#legacy.sessions.size;
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
  ): Promise<void> {
    const refusal = this.#refusal(request);
    if (refusal) {
      await sendWebResponse(response, refusal);
      this.#count(exchange, undefined, response.statusCode, request.method);
      return;
    }
    let body: unknown;
    if (request.method === "POST") {
      const read = await readJson(request);
      if (read.problem) {
        await sendWebResponse(response, read.problem);
        this.#count(exchange, undefined, response.statusCode, request.method);
        return;
      }
      body = read.value;
    }
    // An open stream lives as long as its client likes: a drain ends it instead of waiting for it.
    const isStream =
      request.method === "GET" || (isObject(body) && body["method"] === "subscriptions/listen");
    const endCall = isStream ? undefined : this.#options.trackCall();
    try {
      const web = toWebRequest(request, response);
      attachExchange(web, exchange);
      const { response: answer, done } = await this.#route(web, body);
      response.once("close", done);
      await sendWebResponse(response, answer);
    } finally {
      endCall?.();
      this.#count(exchange, body, response.statusCode, request.method);
    }
  }

  /** Ends sessions, streams and whatever still runs. */
  async close(): Promise<void> {
    this.#legacy.close();
    await this.#modern.close();
  }

  async #route(web: Request, body: unknown): Promise<{ response: Response; done: () => void }> {
    const header = (name: string): string | undefined => web.headers.get(name) ?? undefined;
    const version = header("mcp-protocol-version");
    const method = header("mcp-method");
    const name = header("mcp-name");
    const route = classifyInboundRequest({
      httpMethod: web.method,
      ...(version !== undefined && { protocolVersionHeader: version }),
      ...(method !== undefined && { mcpMethodHeader: method }),
      ...(name !== undefined && { mcpNameHeader: name }),
      ...(body !== undefined && { body }),
    });
    if (route.kind === "legacy") return this.#legacy.handle(web, body);
    return { response: await this.#modern.fetch(web, { parsedBody: body }), done: () => undefined };
  }

  #refusal(request: IncomingMessage): Response | undefined {
    const { broken, allowedHosts, allowedOrigins } = this.#options;
    if (broken) return errorAnswer(500, -32603, "FAULT=no-mcp: this server refuses to speak MCP");
    if (!["GET", "POST", "DELETE"].includes(request.method ?? "")) {
      return errorAnswer(405, -32000, "Method not allowed", { Allow: "GET, POST, DELETE" });
    }
    if (allowedHosts.length > 0 && !allowedHosts.includes(hostOf(request.headers.host ?? ""))) {
      return errorAnswer(403, -32000, "Host not allowed");
    }
    const { origin } = request.headers;
    if (
      origin !== undefined &&
      allowedOrigins.length > 0 &&
      !allowedOrigins.includes(originHost(origin))
    ) {
      return errorAnswer(403, -32000, "Origin not allowed");
    }
    return undefined;
  }

  /** Counts a POST that was refused before it reached an MCP server; those that did are counted there. */
  #count(exchange: Exchange, body: unknown, status: number, httpMethod: string | undefined): void {
    if (httpMethod !== "POST" || exchange.operations > 0 || status < 400) return;
    const message = isObject(body) ? body : {};
    exchange.errorType = String(status);
    exchange.mcpMethod ??= methodLabel(message["method"]);
    const tool = toolLabel(message["method"], message["params"], this.#options.tools);
    if (tool !== undefined) exchange.tool ??= tool;
    this.#options.metrics.operation({
      method: exchange.mcpMethod,
      tool: exchange.tool,
      errorType: exchange.errorType,
      protocolVersion: versionLabel(exchange.protocolVersion),
      durationMs: performance.now() - exchange.startedAt,
      fault: status === 500,
    });
  }
}

async function readJson(
  request: IncomingMessage,
): Promise<{ readonly value?: unknown; readonly problem?: Response }> {
  if (!isJsonContentType(request.headers["content-type"] ?? null)) {
    return { problem: errorAnswer(415, -32000, "Content-Type must be application/json") };
  }
  if ((request.headers["content-encoding"] ?? "identity") !== "identity") {
    return { problem: errorAnswer(415, -32000, "Content-Encoding is not supported") };
  }
  try {
    return { value: JSON.parse(await readBody(request)) as unknown };
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      // What was not read would be taken for the next request.
      return { problem: errorAnswer(413, -32000, error.message, { Connection: "close" }) };
    }
    return { problem: errorAnswer(400, -32700, "Parse error: the body is not JSON") };
  }
}

function hostOf(header: string): string {
  return header.replace(/:\d+$/, "");
}

function originHost(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : "";
}
