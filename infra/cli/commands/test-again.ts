import type { Failure, FileResult } from "./test-report.ts";

/** A file of a suite as it ran. */
export interface Ran extends FileResult {
  readonly suite: string;
  /** No other suite ran at the same time. */
  readonly alone: boolean;
}

/** More failed files than these are no matter of the moment. */
const chanceLimit = 3;

/**
 * Files that failed beside another suite: two suites on two processors are the one thing that a test cannot answer for,
 * so they are asked again without the other one. What ran alone has had its chance.
 */
export function worthAnotherRun(ran: readonly Ran[]): readonly Ran[] {
  const failed = ran.filter(({ failures }) => failures.length > 0);
  if (failed.length > chanceLimit || failed.some(({ isFile }) => !isFile)) return [];
  return failed.filter(({ alone }) => !alone);
}

/** The last result of each file; and the failures of those that passed when they were asked again. */
export function lastResults(
  ran: readonly Ran[],
  again: readonly Ran[],
): { readonly results: readonly Ran[]; readonly unstable: readonly Failure[] } {
  const redone = new Set(again.map(({ file }) => file));
  const stillFailing = new Set(
    again.filter(({ failures }) => failures.length > 0).map(({ file }) => file),
  );
  return {
    results: [...ran.filter(({ file }) => !redone.has(file)), ...again],
    unstable: ran
      .filter(({ file }) => redone.has(file) && !stillFailing.has(file))
      .flatMap(({ failures }) => failures),
  };
}
