import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { automationEngine, type ReleaseEngine } from "../../../infra/release/engine-run.ts";
import { programOf, type Node } from "./program.ts";
import { openTestStack, type TestStack } from "./test-stack.ts";

const run = promisify(execFile);

const two: Node[] = [
  { name: "one", kind: "thing" },
  { name: "two", kind: "thing" },
];

describe("an inline program", () => {
  let test: TestStack;
  let engine: ReleaseEngine;

  beforeAll(async () => {
    test = await openTestStack({ key: "service" });
    engine = automationEngine(test.stack);
    await engine.up(programOf(two), { refresh: false });
  });
  afterAll(() => test.close());

  it.each([
    ["loses its connection", status.UNAVAILABLE],
    ["is told that its call was cancelled", status.CANCELLED],
  ])("that %s fails the run, and nothing is deleted", async (_case, code) => {
    test.world.forget();
    const lost = async () => {
      await programOf(two.slice(0, 1))();
      throw Object.assign(new Error("no connection established"), { code });
    };
    await expect(engine.up(lost, { refresh: false })).rejects.toThrow("no connection established");
    expect(test.world.log).toEqual([]);
    expect(test.world.objects.size).toBe(2);
  });

  // Unmended, the SDK says "success, never begun": the engine would delete all there is.
  it.each([
    ["reaches an engine at the port of one that is gone", [], "success, begun"],
    [
      "that cannot is no success",
      ["shared"],
      "the program lost its connection to the engine, never begun",
    ],
  ])("%s", async (_case, mode, said) => {
    const child = join(import.meta.dirname, "reused-port-child.ts");
    const { stdout } = await run(process.execPath, ["--import", "tsx", child, ...mode]);
    expect(stdout.trim()).toBe(said);
  });
});
