import type { Logger } from "./logging.ts";

/** One HTTP request to `/mcp` and what became of the operations inside it. */
export interface Exchange {
  /** From `X-Request-ID` or generated; returned in the answer and in every log line. */
  readonly requestId: string;
  readonly log: Logger;
  readonly startedAt: number;
  /** JSON-RPC method and tool of the last operation, bounded to what this server knows. */
  mcpMethod?: string;
  tool?: string;
  protocolVersion: string;
  errorType?: string;
  /** The error was the server's own doing, not the caller's. */
  fault: boolean;
  /** Operations that were answered by an MCP server instance. */
  operations: number;
}

const exchanges = new WeakMap<Request, Exchange>();

/** Ties the web-standard request that the SDK hands around to its exchange. */
export function attachExchange(request: Request, exchange: Exchange): void {
  exchanges.set(request, exchange);
}

export function exchangeOf(request: Request | undefined): Exchange | undefined {
  return request && exchanges.get(request);
}
