import { exportersByJob, metrics, series } from "../../../components/monitoring/metrics.ts";
import type { Exporter, Metric } from "../../../components/monitoring/metrics/definition.ts";
import {
  processMetrics,
  scrapeMetrics,
  targetLabels,
} from "../../../components/monitoring/metrics/target.ts";
import type { PrometheusApi } from "./prometheus.ts";

/** Where the catalogue and a live fleet disagree, one line each; what the catalogue says is conditional is no fault. */
export async function catalogueDrift(prometheus: PrometheusApi): Promise<string[]> {
  const [live, types] = [await prometheus.series(), await prometheus.types()];
  return Object.entries(exportersByJob)
    .flatMap(([job, exporters]) => {
      const own = live.filter(
        ({ job: name, component }) => name === job || (job === "mcp-server" && component === job),
      );
      if (own.length === 0) return [`${job}: nothing was scraped`];
      return [
        ...own.flatMap((labels) => unknown(exporters, labels)),
        ...exporters.flatMap(({ metrics: listed }: Exporter) =>
          Object.entries(listed).flatMap(([name, metric]) => [
            ...absent(name, metric, own),
            ...otherType(name, metric, types),
          ]),
        ),
      ].map((problem) => `${job}: ${problem}`);
    })
    .filter((line, index, lines) => lines.indexOf(line) === index);
}

type LiveSeries = Readonly<Record<string, string>>;

function unknown(exporters: readonly Exporter[], { __name__: name = "", ...labels }: LiveSeries) {
  if (name in scrapeMetrics.metrics) return [];
  const known = series.get(name);
  const here = exporters.some(
    ({ metrics: listed }) => name.replace(suffix, "") in listed || name in listed,
  );
  if (!known || !here) {
    const left = [...exporters, processMetrics].some(({ unlisted }) =>
      unlisted.some(({ pattern }) => pattern.test(name)),
    );
    return left ? [] : [`${name} is exposed and not in the catalogue`];
  }
  return Object.entries(labels).flatMap(([label, value]) => {
    const values = known.labels[label] ?? (label in targetLabels ? "any" : undefined);
    if (values === undefined) return [`${name} has a label ${label} that the catalogue lacks`];
    return values === "any" || values.includes(value)
      ? []
      : [`${name} has ${label}=${value}, which the catalogue lacks`];
  });
}

const suffix = /_(bucket|sum|count)$/;

function absent(name: string, metric: Metric, own: readonly LiveSeries[]): string[] {
  if (metric.when !== undefined) return [];
  const names = metric.type === "histogram" ? [`${name}_bucket`] : [name];
  return names.flatMap((expected) => {
    const found = own.filter(({ __name__ }) => __name__ === expected);
    if (found.length === 0) return [`${expected} is in the catalogue and not exposed`];
    // Of a label with known values every value has to be there, or a selector of it could be empty for ever.
    return Object.entries(metric.labels).flatMap(([label, values]) =>
      values === "any" || found.some((labels) => label in labels)
        ? []
        : [`${expected} has no label ${label}`],
    );
  });
}

function otherType(name: string, metric: Metric, types: ReadonlyMap<string, string>): string[] {
  const type = types.get(name);
  return type === undefined || type === "unknown" || type === metric.type
    ? []
    : [`${name} is a ${type} in truth`];
}

/** Conditional metrics of the catalogue that a fleet does not show now: name -> reason. */
export async function conditionallyAbsent(prometheus: PrometheusApi): Promise<Map<string, string>> {
  const live = new Set(
    (await prometheus.series()).flatMap(({ __name__ = "" }) => [
      __name__,
      __name__.replace(suffix, ""),
    ]),
  );
  return new Map(
    Object.entries(metrics).flatMap(([name, { when }]): [string, string][] =>
      when === undefined || live.has(name) ? [] : [[name, when]],
    ),
  );
}
