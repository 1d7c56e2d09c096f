import { exporter, gauge } from "./definition.ts";

const perService = { service: "any", component: "any" } as const;
const withTraffic = "only while there are requests";

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
    "fleet:config_version:info": gauge("info", "Always 1; the label is the version in force.", {
      version: "any",
    }),
  },
  unlisted: [],
});
