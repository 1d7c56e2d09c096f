import { describe, expect, it } from "vitest";
import {
  lastResults,
  type Ran,
  worthAnotherRun,
} from "../../../../infra/cli/commands/test-again.ts";

const result = (file: string, failed: number, more: Partial<Ran> = {}): Ran => ({
  ...{ file, isFile: true, suite: "docker", alone: false, passed: 3 - failed, skipped: 0 },
  failures: Array.from({ length: failed }, (_, n) => ({ where: `${file} > ${n}`, message: "no" })),
  ...more,
});

describe("what is run again", () => {
  it.each<[string, Ran[], string[]]>([
    ["nothing, when all is well", [result("a", 0), result("b", 0)], []],
    ["a file that failed beside another suite", [result("a", 0), result("b", 2)], ["b"]],
    ["no file that failed alone", [result("a", 1, { alone: true }), result("b", 1)], ["b"]],
    ["no more than three", ["a", "b", "c", "d"].map((file) => result(file, 1)), []],
    ["nothing, beside a failed check", [result("lint", 1, { isFile: false }), result("b", 1)], []],
  ])("is %s", (_what, ran, files) => {
    expect(worthAnotherRun(ran).map(({ file }) => file)).toEqual(files);
  });
});

describe("the end of a run", () => {
  it("counts a file as it ran last, and keeps what it had said", () => {
    const ran = [result("a", 0), result("b", 2)];
    const { results, unstable } = lastResults(ran, [result("b", 0, { alone: true })]);
    expect(results.map(({ file, passed }) => [file, passed])).toEqual([
      ["a", 3],
      ["b", 3],
    ]);
    expect(unstable.map(({ where }) => where)).toEqual(["b > 0", "b > 1"]);
  });

  it("is a failure when the file fails again", () => {
    const { results, unstable } = lastResults([result("b", 2)], [result("b", 1, { alone: true })]);
    expect(results.flatMap(({ failures }) => failures).map(({ where }) => where)).toEqual([
      "b > 0",
    ]);
    expect(unstable).toEqual([]);
  });

  it("is a failure when the second run says nothing of the file", () => {
    const crashed = result("docker", 1, { isFile: false });
    const { results, unstable } = lastResults([result("b", 2)], [crashed]);
    expect(results.flatMap(({ failures }) => failures)).toHaveLength(3);
    expect(unstable).toEqual([]);
  });
});
