import type {
  JSONRPCMessage,
  MessageExtraInfo,
  RequestId,
  Transport,
} from "@modelcontextprotocol/server";
import { exchangeOf } from "../exchange.ts";
import type { Exchange } from "../exchange.ts";
import type { Operation } from "../metrics.ts";
import { isObject, methodLabel, toolLabel, versionLabel } from "./labels.ts";

interface Pending {
  readonly method: string;
  readonly tool: string | undefined;
  readonly protocolVersion: string;
  readonly startedAt: number;
  readonly exchange: Exchange | undefined;
}

export interface Observer {
  readonly tools: { has(name: string): boolean };
  readonly onOperation: (operation: Operation) => void;
}

/**
 * Watches every request and answer that passes a connected transport. This is the one place where
 * both protocol eras, built-in methods and errors of the SDK itself all come by, so counts are exact.
 */
export function observeTransport(transport: Transport, observer: Observer): void {
  const pending = new Map<RequestId, Pending>();
  const deliver = transport.onmessage;
  const send = transport.send.bind(transport);

  const finish = (id: RequestId, errorType: string | undefined): void => {
    const operation = pending.get(id);
    if (!operation) return;
    pending.delete(id);
    const { exchange, method, tool, protocolVersion, startedAt } = operation;
    if (exchange) {
      exchange.operations += 1;
      if (errorType !== undefined) exchange.errorType = errorType;
    }
    observer.onOperation({
      method,
      tool,
      errorType,
      protocolVersion,
      durationMs: performance.now() - startedAt,
      fault: exchange?.fault ?? false,
    });
  };

  transport.onmessage = (message: JSONRPCMessage, extra?: MessageExtraInfo) => {
    if ("method" in message) {
      const { method } = message;
      const params: unknown = message.params;
      const exchange = exchangeOf(extra?.request);
      if ("id" in message) {
        const stated =
          method === "initialize" && isObject(params)
            ? params["protocolVersion"]
            : extra?.request?.headers.get("mcp-protocol-version");
        const operation: Pending = {
          method: methodLabel(method),
          tool: toolLabel(method, params, observer.tools),
          protocolVersion: versionLabel(stated),
          startedAt: performance.now(),
          exchange,
        };
        pending.set(message.id, operation);
        if (exchange) {
          exchange.mcpMethod = operation.method;
          if (operation.tool !== undefined) exchange.tool = operation.tool;
          exchange.protocolVersion = operation.protocolVersion;
        }
      } else if (method === "notifications/cancelled" && isObject(params)) {
        // A cancelled request is never answered: it would stay pending for the life of the session.
        finish(params["requestId"] as RequestId, "cancelled");
      }
    }
    deliver?.(message, extra);
  };

  transport.send = (message, options) => {
    if (!("method" in message) && message.id !== undefined)
      finish(message.id, errorTypeOf(message));
    return send(message, options);
  };
}

function errorTypeOf(message: JSONRPCMessage): string | undefined {
  if ("error" in message) return String(message.error.code);
  return "result" in message && message.result["isError"] === true ? "tool_error" : undefined;
}
