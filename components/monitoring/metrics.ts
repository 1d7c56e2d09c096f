import { alertmanagerMetrics } from "./metrics/alertmanager.ts";
import type { Exporter, Labels, Metric } from "./metrics/definition.ts";
import { haproxyMetrics } from "./metrics/haproxy.ts";
import { mcpServerMetrics } from "./metrics/mcp-server.ts";
import { pgbouncerExporterMetrics } from "./metrics/pgbouncer-exporter.ts";
import { postgresExporterMetrics } from "./metrics/postgres-exporter.ts";
import { prometheusMetrics } from "./metrics/prometheus.ts";
import { recordedMetrics } from "./metrics/recorded.ts";
import { alertMetrics, processMetrics, scrapeMetrics, targetLabels } from "./metrics/target.ts";

/** Scraped from targets: their series carry the labels of the target too. */
const scraped = {
  ...scrapeMetrics.metrics,
  ...alertMetrics.metrics,
  ...processMetrics.metrics,
  ...mcpServerMetrics.metrics,
  ...haproxyMetrics.metrics,
  ...postgresExporterMetrics.metrics,
  ...pgbouncerExporterMetrics.metrics,
  ...prometheusMetrics.metrics,
  ...alertmanagerMetrics.metrics,
};
type Scraped = typeof scraped;

/** What a scrape of each job may contain, by the component's name. The process metrics are not everywhere. */
export const exportersByJob = {
  "mcp-server": [mcpServerMetrics, processMetrics],
  gateway: [haproxyMetrics],
  postgres: [postgresExporterMetrics, processMetrics],
  pgbouncer: [pgbouncerExporterMetrics, processMetrics],
  prometheus: [prometheusMetrics, processMetrics],
  alertmanager: [alertmanagerMetrics, processMetrics],
} as const satisfies Readonly<Record<string, readonly Exporter[]>>;

/** Everything that may be selected: name as exposed -> metric. A histogram's series are named after it. */
export const metrics: Readonly<Record<string, Metric>> = { ...scraped, ...recordedMetrics.metrics };

type Sums<K extends string> = `${K}_sum` | `${K}_count`;

/** Name of a series -> its own labels. */
type Own<M extends Readonly<Record<string, Metric>>> = {
  [K in keyof M & string as M[K]["type"] extends "histogram" ? never : K]: M[K]["labels"] &
    (M[K]["type"] extends "summary" ? { readonly quantile: "any" } : unknown);
} & {
  [
    K in keyof M & string as M[K]["type"] extends "histogram" ? `${K}_bucket` : never
  ]: M[K]["labels"] & { readonly le: "any" };
} & {
  [
    K in keyof M & string as M[K]["type"] extends "histogram" | "summary" ? Sums<K> : never
  ]: M[K]["labels"];
};

/** Name of a series -> its labels. Nothing else can be selected. */
export type SeriesLabels = {
  [S in keyof Own<Scraped>]: Omit<typeof targetLabels, keyof Own<Scraped>[S]> & Own<Scraped>[S];
} & Own<typeof recordedMetrics.metrics>;
export type SeriesName = Extract<keyof SeriesLabels, string>;

/** A series as it is looked up by name: what it belongs to, and every label that it can have. */
export interface KnownSeries {
  readonly metric: Metric;
  readonly labels: Labels;
}

/** Every name that a selector may have. */
export const series: ReadonlyMap<string, KnownSeries> = new Map([
  ...Object.entries(scraped).flatMap(([name, metric]) => seriesOf(name, metric, targetLabels)),
  ...Object.entries(recordedMetrics.metrics).flatMap(([name, metric]) =>
    seriesOf(name, metric, {}),
  ),
]);

function seriesOf(name: string, metric: Metric, target: Labels): [string, KnownSeries][] {
  const labels = { ...target, ...metric.labels };
  const sums = [`${name}_sum`, `${name}_count`].map((sum): [string, KnownSeries] => [
    sum,
    { metric, labels },
  ]);
  switch (metric.type) {
    case "histogram":
      return [[`${name}_bucket`, { metric, labels: { ...labels, le: "any" } }], ...sums];
    case "summary":
      return [[name, { metric, labels: { ...labels, quantile: "any" } }], ...sums];
    case "gauge":
    case "counter":
      return [[name, { metric, labels }]];
  }
}
