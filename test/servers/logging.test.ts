import { describe, expect, it } from "vitest";
import { createLogger } from "../../servers/logging.ts";

function capture(
  logFormat: "json" | "text",
  logLevel: "debug" | "warn" = "debug",
): { lines: string[]; log: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const settings = { name: "scene", environment: "staging", logLevel, logFormat };
  return { lines, log: createLogger(settings, { write: (line: string) => void lines.push(line) }) };
}

describe("createLogger", () => {
  it("writes one JSON object per line, with the level in upper case and the kind of an error", () => {
    const { lines, log } = capture("json");
    const error = Object.assign(new TypeError("no such column"), {
      code: "42703",
      detail: "secret row",
    });
    log.child({ requestId: "r1" }).error({ tool: "list_scenes", error }, "tool call failed");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      level: "ERROR",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as string,
      service: "scene",
      environment: "staging",
      requestId: "r1",
      tool: "list_scenes",
      error: { name: "TypeError", message: "no such column", code: "42703" },
      message: "tool call failed",
    });
  });

  it("leaves out what is below the level", () => {
    const { lines, log } = capture("json", "warn");
    log.info("quiet");
    log.warn("loud");
    expect(lines).toHaveLength(1);
  });

  it("writes text for people", () => {
    const { lines, log } = capture("text");
    log.info({ port: 3005 }, "listening");
    expect(lines[0]).toMatch(/^\S+ INFO scene listening port=3005\n$/);
  });
});
