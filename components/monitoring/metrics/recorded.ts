import { exporter, gauge } from "./definition.ts";

const perService = { service: "any", component: "any" } as const;
const withTraffic = "only while there are requests";

const perSlo = { service: "any" } as const;
const budget = (window: string) =>
  gauge(
    "ratio",
    `Share of the calls of the last ${window} that miss the objective.`,
    perSlo,
    withTraffic,
  );
const missed = (window: string) =>
  gauge(
    "count",
    `Calls per second that missed the objective, last ${window}.`,
    perSlo,
    withTraffic,
  );

/** Service level objectives: shares over every window of their alerts, counts over the long ones. */
const sloMetrics = {
  "service:slo_availability:ratio_rate5m": budget("5 minutes"),
  "service:slo_availability:ratio_rate30m": budget("30 minutes"),
  "service:slo_availability:ratio_rate1h": budget("hour"),
  "service:slo_availability:ratio_rate6h": budget("6 hours"),
  "service:slo_availability:ratio_rate3d": budget("3 days"),
  "service:slo_availability:rate1h": missed("hour"),
  "service:slo_availability:rate6h": missed("6 hours"),
  "service:slo_availability:rate3d": missed("3 days"),
  "service:slo_latency:ratio_rate5m": budget("5 minutes"),
  "service:slo_latency:ratio_rate30m": budget("30 minutes"),
  "service:slo_latency:ratio_rate1h": budget("hour"),
  "service:slo_latency:ratio_rate6h": budget("6 hours"),
  "service:slo_latency:ratio_rate3d": budget("3 days"),
  "service:slo_latency:rate1h": missed("hour"),
  "service:slo_latency:rate6h": missed("6 hours"),
  "service:slo_latency:rate3d": missed("3 days"),
} as const;

/** What Prometheus computes from the rest by recording rules; these series carry no other labels. */
export const recordedMetrics = exporter({
  program: "Recording rules",
  version: "1",
  metrics: {
    "service:mcp_requests:rate5m": gauge("count", "MCP requests per second.", perService),
    "service:mcp_errors:ratio_rate5m": gauge(
      "ratio",
      "Share of MCP requests that ended with an error.",
      perService,
      withTraffic,
    ),
    "service:mcp_request_duration_ms:p50_5m": gauge(
      "milliseconds",
      "Median time of MCP requests.",
      perService,
      withTraffic,
    ),
    "service:mcp_request_duration_ms:p95_5m": gauge(
      "milliseconds",
      "95th percentile of the time of MCP requests.",
      perService,
      withTraffic,
    ),
    "service:mcp_request_duration_ms:p99_5m": gauge(
      "milliseconds",
      "99th percentile of the time of MCP requests.",
      perService,
      withTraffic,
    ),
    "fleet:mcp_request_duration_ms:p95_5m": gauge(
      "milliseconds",
      "95th percentile of the time of MCP requests, all servers together.",
      {},
      withTraffic,
    ),
    "service:memory_limit:bytes": gauge(
      "bytes",
      "Memory limit of the containers of a service, from the fleet file.",
      perService,
    ),
    ...sloMetrics,
    "fleet:config_version:info": gauge("info", "Always 1; the label is the version in force.", {
      version: "any",
    }),
  },
  unlisted: [],
});
