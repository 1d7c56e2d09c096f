import { endpointsOf, type Target } from "../../platform/transport.ts";
import { fail, inconclusive, pass, type Finding } from "../answer.ts";
import { compare } from "../assertion.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import { bucketQuantile, parseExposition, type Series } from "../exposition.ts";
import type { ProbeOf } from "../probe.schema.ts";
import { formatNumber } from "./promql.ts";

/** Several probes read the same page: within this time one reading serves them all. */
const sharedMs = 400;

interface Reading {
  readonly at: number;
  readonly series: readonly Series[];
}

/**
 * The workload's own metrics, read directly: what Prometheus will say about it, one or two scrapes earlier. The first
 * reading is the base; what happened before it is not counted.
 */
export async function askMetrics(
  probe: ProbeOf<"metrics">,
  context: ProbeContext,
): Promise<Finding> {
  const asked = askedOf(probe, context);
  const pages = await Promise.all(
    endpointsOf(asked).map((endpoint) => pageOf({ ...asked, workload: endpoint }, probe, context)),
  );
  const now = context.clock.now();
  const { measure } = probe;
  const wanted = new Set(
    measure.of === "ratio"
      ? [measure.counter]
      : measure.of === "quantile"
        ? [`${measure.histogram}_bucket`]
        : [measure.gauge],
  );
  // Copies count together, as their callers see them.
  const series = pages.flatMap(parseExposition).filter(({ name }) => wanted.has(name));
  const reading = { at: now, series };
  const before = (context.memory.get("readings") as readonly Reading[] | undefined) ?? [];
  // The newest of those that are too old stays: the window reaches back to it.
  const old = before.filter(({ at }) => now - at >= probe.windowSeconds * 1000).length;
  const readings = [...before.slice(Math.max(0, old - 1)), reading];
  context.memory.set("readings", readings);
  return judgeReadings(probe, readings[0]!.series, reading.series);
}

async function pageOf(
  target: Target,
  { port, path }: ProbeOf<"metrics">,
  { shared, connections, signal }: ProbeContext,
): Promise<string> {
  const { status, body } = await shared.get(`${target.workload}:${port}${path}`, sharedMs, () =>
    connections.exchange(target, port, { method: "GET", path }, signal),
  );
  if (status !== 200) throw new Error(`answered ${status}`);
  return body;
}

type Judged = Pick<
  ProbeOf<"metrics">,
  "name" | "subject" | "measure" | "minCount" | "operator" | "threshold" | "unit"
>;

/** Judges what happened between two readings. */
export function judgeReadings(
  probe: Judged,
  before: readonly Series[],
  after: readonly Series[],
): Finding {
  const { measure, subject, operator, threshold, unit, minCount } = probe;
  const what = probe.name.split("/").slice(1).join(" ").replaceAll("-", " ") || probe.name;
  const measured = valueOf(measure, before, after);
  if (measured === undefined) return inconclusive(`${subject} has no metrics about ${what}`);
  const { value, count } = measured;
  if (count !== undefined && count < minCount) {
    return inconclusive(`fewer than ${minCount} calls of ${subject} to judge its ${what} by`);
  }
  const limit = `${operator} ${threshold}${unit}`;
  if (compare(value, operator, threshold)) return pass(`${what} of ${subject} is ${limit}`);
  const of = count === undefined ? "" : ` (${Math.round(count)} calls)`;
  return fail(`${what} of ${subject} is ${formatNumber(value)}${unit}${of}, not ${limit}`);
}

function valueOf(
  measure: Judged["measure"],
  before: readonly Series[],
  after: readonly Series[],
): { value: number; count?: number } | undefined {
  switch (measure.of) {
    case "gauge": {
      const found = after.find(({ name }) => name === measure.gauge);
      return found && { value: found.value };
    }
    case "ratio": {
      const { counter, labels, failed } = measure;
      const count = increase(sum(before, counter, labels), sum(after, counter, labels));
      // A series of failures exists from the first failure on.
      const bad = (series: readonly Series[]) =>
        sum(
          series.filter(({ labels: own }) => (own[failed] ?? "") !== ""),
          counter,
          labels,
        );
      const part = increase(bad(before), bad(after)) ?? 0;
      if (count === undefined) return undefined;
      return { value: count === 0 ? 0 : part / count, count };
    }
    case "quantile": {
      const old = bucketsOf(before, measure.histogram, measure.labels);
      const buckets = new Map(
        [...bucketsOf(after, measure.histogram, measure.labels)].map(([bound, count]) => [
          bound,
          increase(old.get(bound) ?? 0, count)!,
        ]),
      );
      const count = buckets.get(Infinity) ?? 0;
      return { value: bucketQuantile(measure.quantile, buckets) ?? 0, count };
    }
  }
}

/** Counters start again at zero with their process. */
function increase(before: number | undefined, after: number | undefined): number | undefined {
  if (after === undefined) return undefined;
  return before === undefined || after < before ? after : after - before;
}

function sum(
  series: readonly Series[],
  metric: string,
  labels: Readonly<Record<string, string>>,
): number | undefined {
  const found = series.filter((one) => one.name === metric && hasLabels(one, labels));
  return found.length === 0 ? undefined : found.reduce((total, { value }) => total + value, 0);
}

function bucketsOf(
  series: readonly Series[],
  histogram: string,
  labels: Readonly<Record<string, string>>,
): ReadonlyMap<number, number> {
  const buckets = new Map<number, number>();
  for (const one of series) {
    if (one.name !== `${histogram}_bucket` || !hasLabels(one, labels)) continue;
    const bound = one.labels["le"] === "+Inf" ? Infinity : Number(one.labels["le"]);
    buckets.set(bound, (buckets.get(bound) ?? 0) + one.value);
  }
  return buckets;
}

function hasLabels({ labels: own }: Series, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => (own[key] ?? "") === value);
}
