import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** What a run of Vitest came to. */
export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Each failed test, file or check: where it is, and what it said first. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly where: string;
  readonly message: string;
}

/** Vitest's JSON report, as far as it is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/** The lines of a message that are repeated at the end: assertion and difference, not the stack. */
const shownLines = 12;

/**
 * Counts a suite from Vitest's report. A suite that exits with an error and has no failed test (a file that could not be
 * collected, an error outside of all tests, no report) has failed all the same.
 */
export function readSuite(
  suite: string,
  reportPath: string,
  rootDir: string,
  exitCode: number,
): SuiteResult {
  const report = readReport(reportPath);
  if (report === undefined) {
    const message = `Vitest wrote no report and exited with ${exitCode}.`;
    return { passed: 0, failed: 1, skipped: 0, failures: [{ where: suite, message }] };
  }
  const failures = report.testResults.flatMap((file) => {
    const where = relative(rootDir, file.name);
    const tests = file.assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => ({
        where: `${where} > ${fullName}`,
        message: firstLines((failureMessages ?? []).join("\n")),
      }));
    if (tests.length > 0 || file.status !== "failed") return tests;
    return [{ where, message: firstLines(file.message ?? "") }];
  });
  if (failures.length === 0 && exitCode !== 0) {
    failures.push({
      where: suite,
      message: `Vitest exited with ${exitCode} without a failed test: an error outside of all tests, in the output above.`,
    });
  }
  return {
    passed: report.numPassedTests,
    skipped: report.numPendingTests,
    failed: failures.length,
    failures,
  };
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}

function firstLines(message: string): string {
  const lines = message
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .slice(0, shownLines);
  return lines.join("\n");
}
