import type { AlertCase, AlertTests, FiringCase, InputSeries } from "./alert-rule.ts";
import { counterEvery } from "./cases.ts";

/** A service level indicator as tests feed it. */
export interface Sli {
  /** Share of calls that may miss the objective. */
  readonly budget: number;
  /** Labels of the alert. */
  readonly labels: Readonly<Record<string, string>>;
  /** Series of traffic; `counted` makes a counter of the share of calls that belongs to it. */
  readonly series: (counted: (part: (bad: number) => number) => string) => InputSeries;
}

/** Two windows that both have to burn, and how much faster than the budget allows. Seconds. */
export interface Pair {
  readonly long: number;
  readonly short: number;
  readonly factor: number;
  /** Spacing of samples and evaluations in its tests; long windows need no fine ones. Seconds. */
  readonly step: 30 | 300 | 1800;
  /**
   * Quiet time before, in long windows: so long that slower windows of the same alert stay below their factor.
   * Default: 1.1.
   */
  readonly settle?: number;
  /** Factor of a faster pair of the same alert, which must not fire in these tests. */
  readonly after?: number;
}

/** Traffic with a share of missed calls, for so many seconds. */
interface Spell {
  readonly bad: number;
  readonly seconds: number;
  /** Calls per second. Default: 1. */
  readonly perSecond?: number;
}

/** When each pair begins and ends to fire, from both sides, and the least number of failures. */
export function burnTests(sli: Sli, pairs: readonly Pair[], minimumFailures: number): AlertTests {
  const cases = pairs.flatMap((pair) => [pairCases(sli, pair), loadCases(sli, pair)]);
  const [first] = pairs;
  const [few, ...moreFew] = pairs.map((pair) => fewFailures(sli, pair, minimumFailures));
  const all = [...moreFew, ...cases];
  return {
    fires: [...few!.fires, ...all.flatMap(({ fires }) => fires)],
    quiet: [...few!.quiet, ...all.flatMap(({ quiet }) => quiet), ...oneAtNight(sli, first!)],
  };
}

function pairCases(sli: Sli, pair: Pair): { fires: FiringCase[]; quiet: AlertCase[] } {
  const { long, short, factor, step, after } = pair;
  const most = 1 / sli.budget;
  // Between the factor and what the faster pair would notice.
  const speed = after === undefined ? Math.min(most, 1.4 * factor) : Math.min(most, 1.17 * factor);
  const start = up((pair.settle ?? 1.1) * long, step);
  const cross = start + (long * factor) / speed;
  const steady = made(sli, step, [
    { bad: 0, seconds: start },
    { bad: speed * sli.budget, seconds: 2 * long },
  ]);
  // Everything is missed for just long enough, then nothing: the short window decides when it ends.
  const outage = up((1.15 * factor * long) / most, step);
  const end = start + outage;
  const calm = end + short * (1 - Math.max(factor / most, outage < short ? outage / short : 0));
  const recovered = made(sli, step, [
    { bad: 0, seconds: start },
    { bad: 1, seconds: outage },
    { bad: 0, seconds: 2 * short },
  ]);
  const over = outage < short ? end + short - outage : calm;
  const just = 2 * step;
  return {
    fires: [
      fires(sli, `${factor} times too fast for long enough`, steady, up(cross, step) + just, step),
      fires(
        sli,
        "missed calls still lie in the short window",
        recovered,
        down(over, step) - just,
        step,
      ),
    ],
    quiet: [
      quiet(
        `${factor} times too fast, not for long enough`,
        steady,
        down(cross, step) - just,
        step,
      ),
      quiet(
        "the short window has forgotten the missed calls",
        recovered,
        up(outage < short ? end + short : over, step) + just,
        step,
      ),
      quiet(
        "slower than the budget allows",
        made(sli, step, [{ bad: 0.9 * sli.budget, seconds: 2 * long }]),
        2 * long - step,
        step,
      ),
      quiet(
        "no calls",
        made(sli, step, [{ bad: 0, seconds: start, perSecond: 0 }]),
        start - step,
        step,
      ),
    ],
  };
}

/**
 * Load changes along with the failures: only then does it matter over which window each of good, bad and all calls is
 * counted. The burn meets half of the calls, so that slower pairs see little of it.
 */
function loadCases(sli: Sli, { long, short, factor, settle, after }: Pair) {
  const step = short / 20;
  const speed = Math.min(1 / (sli.budget * factor), after === undefined ? 3 : 1.17);
  const start = up((settle ?? 1.1) * long, step);
  const cross = start + long / (1 + (speed - 1) / 2);
  const end = up(cross + long / 20, step);
  const calls = 4;
  const series = made(sli, step, [
    { bad: 0, seconds: start, perSecond: calls },
    { bad: speed * factor * sli.budget, seconds: end - start, perSecond: calls / 2 },
    // So many that the short window is at the factor when half of it lies after the burn.
    { bad: 0, seconds: short, perSecond: ((speed - 1) * calls) / 2 },
  ]);
  const just = 2 * step;
  const half = end + short / 2;
  return {
    fires: [
      fires(sli, "enough of fewer calls are missed", series, up(cross, step) + just, step),
      fires(sli, "less than half of the short window is good", series, half - step, step),
    ],
    quiet: [
      quiet("not yet enough of fewer calls are missed", series, down(cross, step) - just, step),
      quiet("more than half of the short window is good", series, half + step, step),
    ],
  };
}

/** Calls fail, after some good ones in the first half of the long window, but they are few. */
function fewFailures(
  sli: Sli,
  { long, short, factor, step, settle, after }: Pair,
  minimum: number,
) {
  // So slowly that the window of a faster pair never holds enough of them.
  const seconds = up(after === undefined ? short : long / 2, step);
  // Good calls that only slower pairs of the same alert remember: they see no outage.
  const before = settle === undefined ? 0 : 4 * long;
  // Fewer than failures, and so few that the share of these stays above the factor.
  const good = Math.min(1, 1 / (factor * sli.budget) - 1) / 2;
  const failing = (count: number) =>
    made(sli, step, [
      { bad: 0, seconds: before },
      { bad: 0, seconds, perSecond: 0 },
      { bad: 0, seconds: long / 4, perSecond: (good * count) / (long / 4) },
      { bad: 0, seconds: 0.75 * long - seconds, perSecond: 0 },
      { bad: 1, seconds, perSecond: count / seconds },
      { bad: 0, seconds: long, perSecond: 0 },
    ]);
  const at = before + long + seconds;
  return {
    fires: [fires(sli, "enough calls failed", failing(minimum * 1.06), at, step)] as const,
    quiet: [quiet("too few calls failed", failing(minimum * 0.95), at, step)] as const,
  };
}

/** Thirty calls an hour, and one of them fails: in its window it is a large share. */
function oneAtNight(sli: Sli, { long, short, step }: Pair): AlertCase[] {
  const perSecond = 1 / 120;
  const night = up(long, step);
  const series = made(sli, step, [
    { bad: 0, seconds: night, perSecond },
    { bad: 1, seconds: step, perSecond: 1 / step },
    { bad: 0, seconds: night, perSecond },
  ]);
  return [step, up(short / 2, step), short].map((after) =>
    quiet("one failed call at night", series, night + after, step),
  );
}

/** How soon somebody is paged, for an objective of 99.9 %. */
export function pagingClaims(sli: Sli): { readonly fires: readonly FiringCase[] } {
  const calm = { bad: 0, seconds: 3 * 3600 };
  const burning = (share: number) => made(sli, 30, [calm, { bad: share, seconds: 2 * 3600 }]);
  return {
    fires: [
      fires(sli, "a full outage pages within 3 minutes", burning(1), calm.seconds + 180, 30),
      fires(
        sli,
        "15 times too fast pages within 62 minutes",
        burning(15 * sli.budget),
        calm.seconds + 62 * 60,
        30,
      ),
    ],
  };
}

function fires(
  sli: Sli,
  name: string,
  series: InputSeries,
  atSeconds: number,
  stepSeconds: number,
): FiringCase {
  return { name, series, atSeconds, stepSeconds, firing: [{ labels: sli.labels }] };
}

function quiet(
  name: string,
  series: InputSeries,
  atSeconds: number,
  stepSeconds: number,
): AlertCase {
  return { name, series, atSeconds, stepSeconds };
}

function made(sli: Sli, step: number, spells: readonly Spell[]): InputSeries {
  return sli.series((part) =>
    counterEvery(
      step,
      spells.map(({ bad, seconds, perSecond = 1 }) => [perSecond * part(bad), seconds] as const),
    ),
  );
}

const up = (seconds: number, step: number) => Math.ceil(seconds / step) * step;
const down = (seconds: number, step: number) => Math.floor(seconds / step) * step;
