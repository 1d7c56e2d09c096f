import type { AlertCase, AlertTests, FiringAlert, FiringCase, InputSeries } from "./alert-rule.ts";

/** Spacing of the values in test series, and of the evaluations. Seconds. */
export const stepSeconds = 15;

/** How long test series go on after their alert has to fire. Seconds. */
export const tailSeconds = 7200;

/** The first evaluation at or after a moment. */
export function evaluationAt(seconds: number): number {
  return Math.ceil(seconds / stepSeconds - 1e-9) * stepSeconds;
}

/** Values of a series, one after the other: `steady(1, 600)` is 1 for ten minutes. */
export function steady(value: number, seconds: number): string {
  return steadyFor(value, seconds / stepSeconds);
}

function steadyFor(value: number, samples: number): string {
  return `${plain(value)}x${Math.max(0, Math.round(samples) - 1)}`;
}

type RatePhase = readonly [perSecond: number, seconds: number];

/** A counter with one rate after the other. */
export function counter(...phases: readonly RatePhase[]): string {
  return counterEvery(stepSeconds, phases);
}

/** The same with a value every so many seconds. */
export function counterEvery(spacing: number, phases: readonly RatePhase[]): string {
  let value = 0;
  return phases
    .filter(([, seconds]) => seconds > 0)
    .map(([perSecond, seconds]) => {
      const steps = Math.round(seconds / spacing);
      const from = value;
      value += perSecond * spacing * steps;
      return `${plain(from)}+${plain(perSecond * spacing)}x${Math.max(0, steps - 1)}`;
    })
    .join(" ");
}

function plain(value: number): string {
  return String(Number(value.toPrecision(12)));
}

interface Lasting {
  readonly forSeconds: number;
  /** Series in which the condition holds from the start; long enough by far. */
  readonly bad: InputSeries;
  /** Seconds after which the expression first sees it; rates need two samples. */
  readonly onset?: number;
  readonly firing: FiringAlert;
}

/** It fires once the condition has lasted, not one evaluation sooner. */
export function lasting({ forSeconds, bad, onset = 0, firing }: Lasting): AlertTests {
  const at = evaluationAt(onset + forSeconds);
  const sooner: AlertCase[] =
    at > onset
      ? [{ name: "it has not lasted long enough", series: bad, atSeconds: at - stepSeconds }]
      : [];
  return {
    fires: [{ name: "it has lasted", series: bad, atSeconds: at, firing: [firing] }],
    quiet: [{ name: "no series at all", series: {}, atSeconds: at }, ...sooner],
  };
}

/** A level that is compared as it is: beyond the threshold it fires, at it all stays quiet. */
export function level(
  given: Lasting & { readonly good: InputSeries; readonly goodIs?: string },
): AlertTests {
  const { fires, quiet } = lasting(given);
  return {
    fires,
    quiet: [
      ...quiet,
      {
        name: given.goodIs ?? "exactly at the threshold",
        series: given.good,
        atSeconds: evaluationAt((given.onset ?? 0) + given.forSeconds) + 600,
      },
    ],
  };
}

/** Several sets of tests of one alert. */
export function together(
  { fires: [fires, ...moreFires], quiet: [quiet, ...moreQuiet] }: AlertTests,
  ...others: readonly { fires?: readonly FiringCase[]; quiet?: readonly AlertCase[] }[]
): AlertTests {
  return {
    fires: [fires, ...moreFires, ...others.flatMap((more) => more.fires ?? [])],
    quiet: [quiet, ...moreQuiet, ...others.flatMap((more) => more.quiet ?? [])],
  };
}

/** How long before and after the moment that follows from a window a test looks: releases differ by a step in it. */
const slack = 45;

/**
 * An average over a window crosses its threshold a certain time after the change; a shorter or longer window crosses
 * it sooner or later.
 *
 * @param start when the change happens; the time before has to fill the window.
 * @param share of the window after which the threshold is crossed.
 */
export function crossing(given: {
  readonly forSeconds: number;
  readonly windowSeconds: number;
  readonly start: number;
  readonly share: number;
  readonly series: InputSeries;
  readonly firing: FiringAlert;
}): AlertTests {
  const at = given.start + given.windowSeconds * given.share + given.forSeconds;
  return {
    fires: [
      {
        name: "the window has seen enough",
        series: given.series,
        atSeconds: evaluationAt(at + slack),
        firing: [given.firing],
        only: "labels",
      },
    ],
    quiet: [
      {
        name: "the window still holds the time before",
        series: given.series,
        atSeconds: evaluationAt(at - slack) - stepSeconds,
      },
    ],
  };
}

/**
 * A state that is 1 while all is well and 0 otherwise, judged as it is, or by the best of a window: then one good
 * sample within it is enough.
 */
export function stateCases(given: {
  readonly forSeconds: number;
  readonly windowSeconds?: number;
  /** Name and labels. */
  readonly series: string;
  readonly goodIs: string;
  readonly firing: FiringAlert;
  /** Why a series is none of the alert's business -> this series. */
  readonly others?: Readonly<Record<string, string>>;
}): AlertTests {
  const { forSeconds, windowSeconds, series, firing } = given;
  const long = forSeconds + tailSeconds;
  const quiet = Object.entries(given.others ?? {}).map(([name, other]): AlertCase => ({
    name,
    series: { [other]: steady(0, long) },
    atSeconds: forSeconds + 600,
  }));
  const tests = together(
    level({
      ...given,
      bad: { [series]: steady(0, long) },
      good: { [series]: steady(1, long) },
    }),
    { quiet },
  );
  if (windowSeconds === undefined) return tests;
  const start = 2 * windowSeconds;
  return together(
    tests,
    crossing({
      forSeconds,
      windowSeconds,
      start,
      share: 1,
      series: { [series]: `${steady(1, start)} ${steady(0, long)}` },
      firing,
    }),
  );
}

/**
 * Events that are counted over a window: more than the threshold fire at once, as many do not, and what has left the
 * window is forgotten.
 *
 * @param series counter -> the values that it takes.
 */
export function burst(given: {
  readonly windowSeconds: number;
  readonly threshold: number;
  readonly series: (values: string) => InputSeries;
  readonly firing: (count: number) => FiringAlert;
}): AlertTests {
  const { windowSeconds, threshold, series, firing } = given;
  // Long windows need no fine steps, which would take their time.
  const step = windowSeconds > 3600 ? 300 : windowSeconds > 600 ? 60 : stepSeconds;
  const start = 600;
  const end = start + windowSeconds;
  // Evenly over one window, then nothing.
  const events = (count: number) =>
    series(
      counterEvery(step, [
        [0, start],
        [count / windowSeconds, windowSeconds],
        [0, 2 * windowSeconds],
      ]),
    );
  const more = threshold * 1.05 + (threshold === 0 ? 1 : 0);
  const spacing = step === stepSeconds ? {} : { stepSeconds: step };
  const jump = more * 1.2;
  return {
    fires: [
      {
        ...spacing,
        name: "more than are tolerated",
        series: events(more),
        atSeconds: end,
        firing: [firing(more)],
      },
      {
        ...spacing,
        name: "all of a sudden",
        series: series(`${steadyFor(0, start / step)} ${steadyFor(jump, 4)}`),
        atSeconds: start,
        firing: [firing(jump)],
        only: "labels",
      },
      {
        ...spacing,
        name: "a quarter of them is still within the window",
        series: events(4.4 * more),
        atSeconds: end + 0.75 * windowSeconds,
        firing: [firing(1.1 * more)],
        only: "labels",
      },
    ],
    quiet: [
      {
        ...spacing,
        name: "as many as are tolerated",
        series: events(threshold * 0.95),
        atSeconds: end,
      },
      {
        ...spacing,
        name: "they have left the window",
        series: events(4.4 * more),
        atSeconds: end + windowSeconds + 2 * step,
      },
      { ...spacing, name: "no series at all", series: {}, atSeconds: end },
    ],
  };
}

/**
 * A rate over a window against a threshold: both sides of it, the duration, and the window.
 *
 * @param series made from the values of a counter that grows as given.
 */
export function rateCases(given: {
  readonly forSeconds: number;
  readonly windowSeconds: number;
  /** Per second. */
  readonly threshold: number;
  readonly series: (values: string) => InputSeries;
  readonly firing: FiringAlert;
}): AlertTests {
  const { forSeconds, windowSeconds, threshold, series } = given;
  const at = evaluationAt(windowSeconds + forSeconds + 60);
  const always = (factor: number) => series(counter([factor * threshold, at + 600]));
  return together(
    {
      fires: [
        { name: "a little more", series: always(1.05), atSeconds: at, firing: [given.firing] },
      ],
      quiet: [{ name: "a little less", series: always(0.95), atSeconds: at }],
    },
    crossing({
      ...given,
      start: 2 * windowSeconds,
      share: 0.5,
      series: series(
        counter([0, 2 * windowSeconds], [2 * threshold, 2 * windowSeconds + forSeconds]),
      ),
    }),
  );
}
