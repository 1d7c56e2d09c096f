import type { AlertTests } from "./alert-rule.ts";
import { evaluationAt, stateCases, steady, stepSeconds, tailSeconds, together } from "./cases.ts";

/**
 * How long a cause is told beyond its end, seconds: what follows from it ends with the next probe, scrape and evaluation
 * (15 s each). Ended before its effects, it would mute them no more, and people would be paged for what is over.
 */
export const outlastingSeconds = 60;

/** A state that is 1 while all is well: it fires once that has been 0 for long enough, and outlasts it, to the evaluation. */
export function downCases(given: Parameters<typeof stateCases>[0]): AlertTests {
  const { forSeconds, series, firing } = given;
  const end = evaluationAt(forSeconds) + 10 * stepSeconds;
  const ended = { [series]: `${steady(0, end)} ${steady(1, tailSeconds)}` };
  const last = end + evaluationAt(outlastingSeconds) - stepSeconds;
  return together(stateCases(given), {
    fires: [{ name: "it has just ended", series: ended, atSeconds: last, firing: [firing] }],
    quiet: [{ name: "its effects are over", series: ended, atSeconds: last + stepSeconds }],
  });
}
