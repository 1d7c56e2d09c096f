import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** What one test file, or one static check, came to. */
export interface FileResult {
  /** Path of the file within the repository; the name of a check, or of a suite for an error outside of all files. */
  readonly file: string;
  /** Whether `file` can be run by itself. */
  readonly isFile: boolean;
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

/** A failed test, file or check: where it is, and what it said first. */
export interface Failure {
  readonly where: string;
  readonly message: string;
}

/** Vitest's JSON report, as far as it is read here. */
interface Report {
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
 * The files of a suite from Vitest's report. A suite that exits with an error and has no failed test (a file that could
 * not be collected, an error outside of all tests, no report) has failed all the same.
 */
export function readSuite(
  suite: string,
  reportPath: string,
  rootDir: string,
  exitCode: number,
): readonly FileResult[] {
  const outside = (message: string): FileResult => ({
    ...{ file: suite, isFile: false, passed: 0, skipped: 0 },
    failures: [{ where: suite, message }],
  });
  const report = readReport(reportPath);
  if (report === undefined) {
    return [outside(`Vitest wrote no report and exited with ${exitCode}.`)];
  }
  const files = report.testResults.map(({ name, status, message, assertionResults }) => {
    const file = relative(rootDir, name);
    const failures = assertionResults
      .filter((test) => test.status === "failed")
      .map(({ fullName, failureMessages }) => ({
        where: `${file} > ${fullName}`,
        message: firstLines((failureMessages ?? []).join("\n")),
      }));
    if (failures.length === 0 && status === "failed") {
      failures.push({ where: file, message: firstLines(message ?? "") });
    }
    const passed = assertionResults.filter((test) => test.status === "passed").length;
    const failed = assertionResults.filter((test) => test.status === "failed").length;
    const skipped = assertionResults.length - passed - failed;
    return { file, isFile: true, passed, skipped, failures };
  });
  if (exitCode === 0 || files.some(({ failures }) => failures.length > 0)) return files;
  const message = `Vitest exited with ${exitCode} without a failed test: an error outside of all tests, in the output above.`;
  return [...files, outside(message)];
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
