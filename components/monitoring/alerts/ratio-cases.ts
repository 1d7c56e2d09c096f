import type { AlertTests, FiringAlert, InputSeries } from "./alert-rule.ts";
import { counter, crossing, evaluationAt, lasting, stepSeconds, together } from "./cases.ts";

/** One phase of traffic: calls per second and the share of them that is bad, for so many seconds. */
export interface Phase {
  readonly perSecond: number;
  readonly bad: number;
  readonly seconds: number;
}

interface RatioCases {
  readonly forSeconds: number;
  /** Window of the rates. Seconds. */
  readonly windowSeconds: number;
  /** Share of bad calls above which the alert fires. */
  readonly threshold: number;
  /** Fewer calls than this within the window never fire. */
  readonly minimumCalls: number;
  readonly series: (phases: readonly Phase[]) => InputSeries;
  /** Labels of the alert, and what it shows for a share of bad calls. */
  readonly firing: (bad: number) => FiringAlert;
}

/** A share of bad calls with a least number of calls: both bounds, the duration and the window, from both sides. */
export function ratioCases(given: RatioCases): AlertTests {
  const { forSeconds, windowSeconds, threshold, minimumCalls, series, firing } = given;
  const least = minimumCalls / windowSeconds;
  // Enough for the guard from the second sample on.
  const busy = Math.max(1, 100 * least);
  const above = (factor: number) => Math.min(1, threshold * factor);
  const always = (perSecond: number, bad: number) =>
    series([{ perSecond, bad, seconds: 2 * windowSeconds + 2 * forSeconds + 1200 }]);
  const late = evaluationAt(windowSeconds + forSeconds + 600);
  return together(
    lasting({
      forSeconds,
      bad: always(busy, above(1.05)),
      onset: stepSeconds,
      firing: firing(above(1.05)),
    }),
    {
      quiet: [
        { name: "not quite so many", series: always(busy, threshold * 0.95), atSeconds: late },
        {
          name: "everything fails, but there are too few calls to tell",
          series: always(least * 0.95, 1),
          atSeconds: late,
        },
        {
          name: "as many fail as otherwise count, but there are too few calls to tell",
          series: always(least * 0.95, above(1.05)),
          atSeconds: late,
        },
        { name: "no calls", series: always(0, 0), atSeconds: late },
      ],
      fires: [
        {
          name: "everything fails, in just enough calls",
          series: always(least * 1.05, 1),
          atSeconds: late,
          firing: [firing(1)],
        },
        {
          name: "just enough calls",
          series: always(least * 1.05, above(1.05)),
          atSeconds: late,
          firing: [firing(above(1.05))],
        },
      ],
    },
    crossing({
      forSeconds,
      windowSeconds,
      start: 2 * windowSeconds,
      share: threshold / above(2),
      series: series([
        { perSecond: busy, bad: 0, seconds: 2 * windowSeconds },
        { perSecond: busy, bad: above(2), seconds: 2 * windowSeconds + forSeconds },
      ]),
      firing: firing(threshold),
    }),
  );
}

/** Counters of all calls, of the good ones and of the bad ones. */
export function countedCalls(phases: readonly Phase[]): Record<"total" | "good" | "bad", string> {
  const counted = (share: (bad: number) => number) =>
    counter(
      ...phases.map(({ perSecond, bad, seconds }) => [perSecond * share(bad), seconds] as const),
    );
  return { total: counted(() => 1), good: counted((bad) => 1 - bad), bad: counted((bad) => bad) };
}
