import { expect, it } from "vitest";
import { problemsOf, type Overrides } from "./fixture.ts";

/** One mistake in a fleet file or beside it, and what must be said about it. */
export interface Case {
  readonly name: string;
  readonly text: string;
  readonly with?: Overrides;
  readonly path: string;
  /** Parts of the message; `a|b` takes either. */
  readonly says: readonly string[];
  readonly source?: string;
}

/** Name of the fleet file in every case. */
export const here = "fleets/test.yaml";

/** A test for each case: exactly this problem, in these words. */
export function testCases(cases: readonly Case[]): void {
  it.each(cases.map((entry) => [entry.name, entry] as const))("%s", (_name, entry) => {
    const problems = problemsOf(entry.text, entry.with);
    expect(problems.map((problem) => problem.path)).toEqual([entry.path]);
    const [problem] = problems;
    const words = [
      problem?.got === undefined ? "" : `got ${problem.got}`,
      problem?.allowed,
      problem?.fix,
    ].join("; ");
    for (const phrase of entry.says) {
      expect(
        phrase.split("|").some((form) => words.includes(form)),
        `"${phrase}" in: ${words}`,
      ).toBe(true);
    }
    if (entry.source !== undefined) {
      expect(problem?.source).toBe(entry.source);
    }
  });
}
