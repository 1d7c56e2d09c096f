import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { expect, it } from "vitest";
import { RunProblems } from "../../../infra/release/run-problems.ts";

function diagnostic(severity: string, message: string, name?: string): EngineEvent {
  const urn = name && `urn:pulumi:test::fleet::docker:index/container:Container::${name}`;
  const diagnosticEvent = { severity, message, color: "never", ...(urn && { urn }) };
  return { sequence: 1, timestamp: 1, diagnosticEvent } as EngineEvent;
}

function problemsOf(...events: readonly EngineEvent[]): RunProblems {
  const problems = new RunProblems();
  for (const event of events) problems.onEvent(event);
  return problems;
}

it("says once what the engine said of each object, and not what went well", () => {
  const output = new Error("code: 1\n stdout: Updating (test)");
  const error = problemsOf(
    diagnostic("warning", "using a plugin from PATH"),
    diagnostic("error", "\u001b[31m2 errors occurred:\n  * image missing\u001b[0m\n", "postgres"),
    diagnostic("error", "2 errors occurred:\n  * image missing", "postgres"),
    diagnostic("error", "the passphrase is wrong"),
    diagnostic("error", "update failed", "fleet-test"),
  ).asError(output) as Error;
  expect(error.message).toBe(
    "postgres: 2 errors occurred:\n  * image missing\nthe passphrase is wrong",
  );
  expect(error.cause).toBe(output);
});

it("leaves the error of a run alone that never began", () => {
  const error = new Error("the stack is currently locked");
  expect(problemsOf(diagnostic("info", "hello")).asError(error)).toBe(error);
});
