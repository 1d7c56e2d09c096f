import type { AlertCase, FiringAlert, FiringCase, InputSeries } from "./alert-rule.ts";
import { evaluationAt, stepSeconds, tailSeconds } from "./cases.ts";

/**
 * What is over is seen in a window of time until it has left that: an alert for what lasts must not wait for its end
 * there. A burst just too short to last so long together with its window leaves the alert quiet; one that is a little
 * longer fires.
 *
 * @param given.series counters that rise far above the threshold for `burst` seconds, from `start` on, and not at all for
 *   `tail` seconds after it.
 * @returns no cases for a duration that the window alone fills.
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
