import type { AlertCase, FiringAlert, FiringCase, InputSeries } from "./alert-rule.ts";
import { evaluationAt, stepSeconds, tailSeconds } from "./cases.ts";

/**
 * Errors that have ended stay in a window of time for as long as it is. An alert about errors that last has a window
 * shorter than its duration, so that this does not fire it when all is over: errors that end a little too soon for it, their
 * time in the window included, leave it quiet, and those that end a little later fire it.
 *
 * @param given.series counters that rise far above the threshold for `burst` seconds, from `start` on, and not at all for
 *   `tail` seconds after it.
 * @returns no cases where the window alone fills the duration.
 */
export function aftermath(given: {
  readonly forSeconds: number;
  readonly windowSeconds: number;
  readonly series: (start: number, burst: number, tail: number) => InputSeries;
  readonly firing: FiringAlert;
}): { readonly fires: readonly FiringCase[]; readonly quiet: readonly AlertCase[] } {
  const { forSeconds, windowSeconds, series, firing } = given;
  const longest = forSeconds - windowSeconds + stepSeconds;
  if (longest < stepSeconds) return { fires: [], quiet: [] };
  const start = 2 * windowSeconds;
  const atSeconds = evaluationAt(start + stepSeconds + forSeconds);
  const short = series(start, longest, tailSeconds);
  const long = series(start, longest + 3 * stepSeconds, tailSeconds);
  return {
    fires: [
      { name: "it was long enough", series: long, atSeconds, firing: [firing], only: "labels" },
    ],
    quiet: [
      { name: "it is over, but for the window", series: short, atSeconds },
      { name: "it is not long enough yet", series: long, atSeconds: atSeconds - stepSeconds },
    ],
  };
}
