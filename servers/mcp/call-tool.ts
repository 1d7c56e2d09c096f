import { setTimeout as delay } from "node:timers/promises";
import type { CallToolResult } from "@modelcontextprotocol/server";
import { DatabaseUnavailableError } from "../database.ts";
import type { Exchange } from "../exchange.ts";
import type { Fault } from "../faults.ts";
import type { Logger } from "../logging.ts";
import { ToolError } from "../tools.ts";
import type { Tool, ToolContext } from "../tools.ts";

export interface CallSettings {
  readonly context: ToolContext;
  readonly timeoutMs: number;
  readonly fault: Fault;
  readonly log: Logger;
  /** Whether `FAULT` makes this call fail; asked once per call. */
  readonly fails: () => boolean;
}

class CallTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`the call took longer than ${timeoutMs} ms`);
    this.name = "CallTimeoutError";
  }
}

class InjectedFaultError extends Error {
  constructor() {
    super("fault injected by FAULT=fail");
    this.name = "InjectedFaultError";
  }
}

/**
 * Runs one tool. Never rejects: the model can act on an error only if it is a result. Mistakes of
 * the caller are told in full, faults of the server by request id alone, and logged. No retries: a
 * call that failed may have been done.
 */
export async function callTool(
  tool: Tool,
  args: unknown,
  settings: CallSettings,
  exchange: Exchange | undefined,
): Promise<CallToolResult> {
  const log = exchange?.log ?? settings.log;
  try {
    const value = await withDeadline(
      (signal) => runWithFault(tool, args, settings, signal),
      settings.timeoutMs,
    );
    return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value };
  } catch (error) {
    if (error instanceof ToolError) return failure(error.message);
    if (exchange) exchange.fault = true;
    log.error({ tool: tool.name, error }, "tool call failed");
    return failure(`${explain(error)} (request ${exchange?.requestId ?? "unknown"})`);
  }
}

async function runWithFault(
  tool: Tool,
  args: unknown,
  { fault, context, fails }: CallSettings,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  if (fault.kind === "slow") await delay(fault.delayMs, undefined, { signal });
  if (fails()) throw new InjectedFaultError();
  return tool.call(args, context);
}

async function withDeadline<T>(
  work: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new CallTimeoutError(timeoutMs));
      abort.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function explain(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof InjectedFaultError)
    return error.message;
  if (error instanceof CallTimeoutError) return error.message;
  return "the server failed while it ran this tool";
}

function failure(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
