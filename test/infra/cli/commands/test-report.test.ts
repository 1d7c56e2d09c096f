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
        numPassedTests: 1,
        numFailedTests: 1,
        numPendingTests: 2,
        testResults: [
          {
            name: "/repo/test/a.test.ts",
            status: "failed",
            assertionResults: [
              passing,
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
    expect(result).toEqual({
      passed: 1,
      failed: 1,
      skipped: 2,
      failures: [
        { where: "test/a.test.ts > sums up", message: "AssertionError: expected 1 to be 2" },
      ],
    });
  });

  it("counts a file that could not be collected", () => {
    const result = suite(
      {
        numPassedTests: 0,
        numFailedTests: 0,
        numPendingTests: 0,
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
    expect(result.failures).toEqual([{ where: "test/b.test.ts", message: "Cannot find module" }]);
    expect(result.failed).toBe(1);
  });

  it("counts an error outside of all tests, and a report that is missing", () => {
    const clean = { numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, testResults: [] };
    expect(suite(clean, 1)).toMatchObject({ passed: 1, failed: 1 });
    expect(suite("", 137)).toMatchObject({
      failed: 1,
      failures: [{ where: "unit", message: "Vitest wrote no report and exited with 137." }],
    });
    expect(suite(clean, 0)).toMatchObject({ passed: 1, failed: 0, failures: [] });
  });
});
