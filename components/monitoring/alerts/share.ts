/** What is done to counters: growth per second, or growth over the window. */
export type Growth = "rate" | "increase";

/** A share within a window, judged only where enough happens for it to say something. */
export function shareJudged(given: {
  /** Sum over a window, of what is counted against the whole. */
  readonly part: (growth: Growth) => string;
  readonly whole: (growth: Growth) => string;
  /** Side of the threshold on which it fires. */
  readonly is: ">" | "<";
  /** 0-1. */
  readonly ratio: number;
  /** Least growth of the whole within the window. */
  readonly minimum: number;
}): string {
  const { part, whole, is, ratio, minimum } = given;
  return `${part("rate")} / ${whole("rate")} ${is} ${ratio} and ${whole("increase")} >= ${minimum}`;
}
