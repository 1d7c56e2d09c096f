import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSuite } from "../../../../infra/cli/commands/test-report.ts";

const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-report-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function suite(report: unknown, exitCode: number) {
  const path = join(directory, "report.json");
  writeFileSync(path, typeof report === "string" ? report : JSON.stringify(report));
  return readSuite("unit", path, "/repo", exitCode);
}

const passing = { fullName: "adds", status: "passed", failureMessages: [] };

describe("the report of a suite", () => {
  it("names each failed test and its assertion, without the stack", () => {
    const result = suite(
      {
        testResults: [
          {
            name: "/repo/test/a.test.ts",
            status: "failed",
            assertionResults: [
              passing,
              { fullName: "divides", status: "pending" },
              {
                fullName: "sums up",
                status: "failed",
                failureMessages: [
                  "AssertionError: expected 1 to be 2\n    at /repo/test/a.test.ts:3:1",
                ],
              },
            ],
          },
        ],
      },
      1,
    );
    expect(result).toEqual([
      {
        ...{ file: "test/a.test.ts", isFile: true, passed: 1, skipped: 1 },
        failures: [
          { where: "test/a.test.ts > sums up", message: "AssertionError: expected 1 to be 2" },
        ],
      },
    ]);
  });

  it("counts a file that could not be collected", () => {
    const result = suite(
      {
        testResults: [
          {
            name: "/repo/test/b.test.ts",
            status: "failed",
            message: "Cannot find module",
            assertionResults: [],
          },
        ],
      },
      1,
    );
    expect(result).toMatchObject([
      { isFile: true, failures: [{ where: "test/b.test.ts", message: "Cannot find module" }] },
    ]);
  });

  it("counts an error outside of all tests, and a report that is missing", () => {
    const file = { name: "/repo/test/a.test.ts", status: "passed", assertionResults: [passing] };
    const clean = { testResults: [file] };
    expect(suite(clean, 1)).toMatchObject([
      { passed: 1, failures: [] },
      { file: "unit", isFile: false, failures: [{ where: "unit" }] },
    ]);
    expect(suite("", 137)).toMatchObject([
      { failures: [{ message: "Vitest wrote no report and exited with 137." }] },
    ]);
    expect(suite(clean, 0)).toMatchObject([{ passed: 1, failures: [] }]);
  });
});
