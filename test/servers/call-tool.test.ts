import * as z from "zod";
import { describe, expect, it } from "vitest";
import { DatabaseUnavailableError } from "../../servers/database.ts";
import type { Exchange } from "../../servers/exchange.ts";
import type { Fault } from "../../servers/faults.ts";
import { createLogger } from "../../servers/logging.ts";
import { callTool } from "../../servers/mcp/call-tool.ts";
import { defineTool, ToolError } from "../../servers/tools.ts";
import type { ToolContext } from "../../servers/tools.ts";

const context: ToolContext = {
  db: { query: () => Promise.resolve([]) },
  table: (name) => name,
  status: () => {
    throw new Error("not asked here");
  },
};

interface Run {
  readonly result: Awaited<ReturnType<typeof callTool>>;
  readonly fault: boolean;
  readonly logged: string;
}

async function run(
  work: () => Promise<{ answer: number }>,
  options: { fault?: Fault; timeoutMs?: number; fails?: boolean; args?: unknown } = {},
): Promise<Run> {
  const lines: string[] = [];
  const log = createLogger(
    { name: "scene", environment: "test", logLevel: "debug", logFormat: "json" },
    { write: (line: string) => void lines.push(line) },
  );
  const exchange: Exchange = {
    requestId: "r1",
    log,
    startedAt: 0,
    protocolVersion: "2026-07-28",
    fault: false,
    operations: 0,
  };
  const tool = defineTool({
    name: "get_answer",
    title: "Get the answer",
    description: "Gets the answer to the question.",
    effect: "read",
    input: z.strictObject({ question: z.string().optional() }),
    output: z.object({ answer: z.number() }),
    run: work,
  });
  const { fault = { kind: "none" }, timeoutMs = 1000, fails = false } = options;
  const result = await callTool(
    tool,
    options.args,
    { context, timeoutMs, fault, log, fails: () => fails },
    exchange,
  );
  return { result, fault: exchange.fault, logged: lines.join("") };
}

const answer = (): Promise<{ answer: number }> => Promise.resolve({ answer: 42 });
const failing = (error: Error) => (): Promise<never> => Promise.reject(error);

describe("callTool", () => {
  it("answers in structure and in text", async () => {
    const { result, fault } = await run(answer);
    expect(result).toEqual({
      content: [{ type: "text", text: '{"answer":42}' }],
      structuredContent: { answer: 42 },
    });
    expect(fault).toBe(false);
  });

  it.each<[string, () => Promise<never>, string, boolean]>([
    [
      "a mistake of the caller in full",
      failing(new ToolError("no such thing; list_things shows them")),
      "no such thing; list_things shows them",
      false,
    ],
    [
      "an outage of the database",
      failing(new DatabaseUnavailableError(new Error("10.0.0.7 refused"))),
      "the database is not available (request r1)",
      true,
    ],
    [
      "anything else without details",
      failing(new Error("column secret_column does not exist")),
      "the server failed while it ran this tool (request r1)",
      true,
    ],
  ])("tells %s", async (_what, work, text, fault) => {
    const outcome = await run(work);
    expect(outcome.result).toEqual({ content: [{ type: "text", text }], isError: true });
    expect(outcome.fault).toBe(fault);
    expect(outcome.logged.includes('"tool":"get_answer"')).toBe(fault);
  });

  it("takes a wrong answer of a tool for a fault of the server", async () => {
    const outcome = await run(() => Promise.resolve({ answer: "42" as unknown as number }));
    expect(outcome).toMatchObject({ result: { isError: true }, fault: true });
  });

  it("gives up after the time limit", async () => {
    const { result } = await run(() => new Promise(() => undefined), { timeoutMs: 20 });
    expect(result.content).toEqual([
      { type: "text", text: "the call took longer than 20 ms (request r1)" },
    ]);
  });

  it("never logs arguments", async () => {
    const { logged } = await run(failing(new Error("broken")), {
      args: { question: "who is it?" },
    });
    expect(logged).toContain("broken");
    expect(logged).not.toContain("who is it?");
  });

  it("fails a call that FAULT hits, as a fault of the server", async () => {
    const { result, fault } = await run(answer, { fails: true });
    expect(result.content).toEqual([
      { type: "text", text: "fault injected by FAULT=fail (request r1)" },
    ]);
    expect(fault).toBe(true);
  });

  it("slows calls down as FAULT asks for, within the time limit", async () => {
    const started = performance.now();
    expect(
      (await run(answer, { fault: { kind: "slow", delayMs: 40 } })).result.isError,
    ).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThan(35);
    expect(
      (await run(answer, { fault: { kind: "slow", delayMs: 10_000 }, timeoutMs: 20 })).result
        .isError,
    ).toBe(true);
  });
});
