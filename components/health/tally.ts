import type { Answer } from "./answer.ts";

/** How answers add up to a decision; part of every probe. */
export interface Rules {
  readonly retries: number;
  readonly successes: number;
  readonly startPeriodSeconds: number;
}

/**
 * - `undecided`: neither enough passes nor enough misses in a row.
 * - `passed`: enough passes in a row; still asked, and back to `undecided` with the next answer that is no pass.
 * - `failed`: final.
 * - `excused`: as failed, but the release before had the same fault; final.
 */
export type Status = "undecided" | "passed" | "failed" | "excused";

/** Where one probe stands. Immutable. */
export interface Tally {
  readonly status: Status;
  /** In a row. */
  readonly passes: number;
  /** In a row; inconclusive answers neither add to them nor end them. */
  readonly misses: number;
  readonly everPassed: boolean;
  readonly last?: Answer;
}

export const emptyTally: Tally = { status: "undecided", passes: 0, misses: 0, everPassed: false };

/**
 * Adds one answer.
 *
 * @param sinceBeginSeconds since the probe was first asked: within the start period misses do not count, unless it has
 *   passed before; a terminal answer always counts.
 * @param before what the release before answered to the same question, where such faults are excused.
 */
export function tally(
  state: Tally,
  answer: Answer,
  sinceBeginSeconds: number,
  rules: Rules,
  before?: Answer,
): Tally {
  if (state.status === "failed" || state.status === "excused") return state;
  const seen = { ...state, last: answer };
  if (answer.verdict === "pass") {
    const passes = state.passes + 1;
    return {
      ...seen,
      passes,
      misses: 0,
      everPassed: true,
      status: passes >= rules.successes ? "passed" : state.status,
    };
  }
  if (answer.verdict === "inconclusive") return { ...seen, passes: 0, status: "undecided" };
  const excusable = isExcusable(answer, before);
  if (answer.terminal) return { ...seen, passes: 0, status: excusable ? "excused" : "failed" };
  const young = !state.everPassed && !excusable && sinceBeginSeconds < rules.startPeriodSeconds;
  const misses = young ? 0 : state.misses + 1;
  if (misses < rules.retries) return { ...seen, passes: 0, misses, status: "undecided" };
  return { ...seen, passes: 0, misses, status: excusable ? "excused" : "failed" };
}

/** A fault that the release before had too. One that ended for good is excused only by one that had as well. */
function isExcusable(answer: Answer, before: Answer | undefined): boolean {
  if (before === undefined || (before.verdict !== "fail" && before.verdict !== "error"))
    return false;
  return !answer.terminal || before.terminal === true;
}

/** Whether another answer may still change what it says now. */
export function isWavering({ status, last }: Tally): boolean {
  return status === "undecided" && last?.verdict !== "inconclusive";
}
