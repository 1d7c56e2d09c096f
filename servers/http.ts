import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Exchange } from "./exchange.ts";
import type { Logger } from "./logging.ts";

/** An answer in JSON. */
interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface HttpOptions {
  readonly log: Logger;
  /** GET routes that answer JSON, by path. */
  readonly pages: Readonly<Record<string, () => JsonAnswer>>;
  readonly mcp: (
    request: IncomingMessage,
    response: ServerResponse,
    exchange: Exchange,
  ) => Promise<void>;
  readonly draining: () => boolean;
}

/** Longer than the gateway keeps idle connections, so that it is never the server who closes first. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

/** A request id that is safe to log and to send back. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The listener for MCP and health. */
export function createHttpServer(options: HttpOptions): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS }, (request, response) => {
    void serve(request, response, options);
  });
  server.headersTimeout = 20_000;
  server.requestTimeout = 60_000;
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
): Promise<void> {
  const startedAt = performance.now();
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  const given = request.headers["x-request-id"];
  const requestId = typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader("X-Request-ID", requestId);
  // Kept-alive connections must move to another server while this one stops.
  if (options.draining()) response.setHeader("Connection", "close");
  const log = options.log.child({ requestId });
  const exchange: Exchange = {
    requestId,
    log,
    startedAt,
    protocolVersion: String(request.headers["mcp-protocol-version"] ?? "2025-03-26"),
    fault: false,
    operations: 0,
  };
  response.once("close", () => logExchange(exchange, request, response, path));
  try {
    const page = options.pages[path];
    if (path === "/mcp") await options.mcp(request, response, exchange);
    else if (!page) sendJson(response, { status: 404, body: { error: "not found" } });
    else if (request.method === "GET" || request.method === "HEAD") sendJson(response, page());
    else
      sendJson(response.setHeader("Allow", "GET, HEAD"), {
        status: 405,
        body: { error: "method not allowed" },
      });
  } catch (error) {
    log.error({ method: request.method, path, error }, "request failed");
    if (!response.headersSent)
      sendJson(response, { status: 500, body: { error: "internal error", requestId } });
    else response.destroy();
  }
}

function sendJson(response: ServerResponse, answer: JsonAnswer): void {
  const body = Buffer.from(JSON.stringify(answer.body));
  response.writeHead(answer.status, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
  });
  response.end(body);
}

/** One line per request. Health checks come every few seconds, so theirs are only for debugging. */
function logExchange(
  exchange: Exchange,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): void {
  const { log, startedAt, mcpMethod, tool, errorType } = exchange;
  const status = response.headersSent ? response.statusCode : 499;
  const fields = {
    method: request.method,
    path,
    statusCode: status,
    durationMs: Math.round((performance.now() - startedAt) * 100) / 100,
    ...(mcpMethod !== undefined && { mcpMethod }),
    ...(tool !== undefined && { tool }),
    ...(errorType !== undefined && { errorType }),
  };
  if (path !== "/mcp") log.debug(fields, "request");
  else if (status >= 500) log.error(fields, "request");
  else if (status >= 400 || errorType !== undefined) log.warn(fields, "request");
  else log.info(fields, "request");
}
