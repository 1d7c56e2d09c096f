import type { RecordingRule } from "./alert-rule.ts";

/**
 * Series that dashboards, alerts and release gates share. The servers' own `mcp_request_duration_ms` are quantiles of
 * one process and cannot be combined; these come from the histogram, per service and for the whole fleet.
 */
export const recordingRules: readonly RecordingRule[] = [
  {
    record: "service:mcp_requests:rate5m",
    expr: "sum by (service, component) (rate(mcp_requests_total[5m]))",
    tests: [
      {
        name: "requests per second, both instances of a service added",
        series: {
          'mcp_requests_total{service="scene", component="mcp-server", instance="a"}': "0+30x40",
          'mcp_requests_total{service="scene", component="mcp-server", instance="b"}': "0+15x40",
        },
        atSeconds: 600,
        expected: { '{service="scene", component="mcp-server"}': 3 },
      },
    ],
  },
  {
    record: "service:mcp_errors:ratio_rate5m",
    // Without traffic there is no ratio, rather than a division by zero.
    expr: "sum by (service, component) (rate(mcp_errors_total[5m])) / (sum by (service, component) (rate(mcp_requests_total[5m])) > 0)",
    tests: [
      {
        name: "one of ten requests fails",
        series: {
          'mcp_requests_total{service="scene", component="mcp-server"}': "0+30x40",
          'mcp_errors_total{service="scene", component="mcp-server"}': "0+3x40",
        },
        atSeconds: 600,
        expected: { '{service="scene", component="mcp-server"}': 0.1 },
      },
      {
        name: "no traffic",
        series: {
          'mcp_requests_total{service="scene", component="mcp-server"}': "7x40",
          'mcp_errors_total{service="scene", component="mcp-server"}': "3x40",
        },
        atSeconds: 600,
        expected: {},
      },
    ],
  },
  ...(
    [
      ["p50", 0.5, 10],
      ["p95", 0.95, 47],
      ["p99", 0.99, 49.4],
    ] as const
  ).map(([name, quantile, expected]): RecordingRule => ({
    record: `service:mcp_request_duration_ms:${name}_5m`,
    // Above zero: without traffic the quantile is NaN, and NaN is not above zero.
    expr: `1000 * histogram_quantile(${quantile}, sum by (service, component, le) (rate(mcp_server_operation_duration_seconds_bucket[5m]))) > 0`,
    tests: [
      {
        name: "half of the requests up to 10 ms, none above 50 ms",
        series: buckets("scene"),
        atSeconds: 600,
        expected: { '{service="scene", component="mcp-server"}': expected },
      },
      {
        name: "no traffic",
        series: buckets("scene", "7x40"),
        atSeconds: 600,
        expected: {},
      },
    ],
  })),
  {
    record: "fleet:mcp_request_duration_ms:p95_5m",
    expr: "1000 * histogram_quantile(0.95, sum by (le) (rate(mcp_server_operation_duration_seconds_bucket[5m]))) > 0",
    tests: [
      {
        name: "two services, equally fast",
        series: { ...buckets("scene"), ...buckets("review") },
        atSeconds: 600,
        expected: { "{}": 47 },
      },
      {
        name: "no traffic",
        series: buckets("scene", "7x40"),
        atSeconds: 600,
        expected: {},
      },
    ],
  },
];

/** Cumulative buckets: 2 requests per second up to 10 ms, 2 more up to 50 ms, none slower; or the same in all. */
function buckets(service: string, all?: string): Record<string, string> {
  const series = (le: string) =>
    `mcp_server_operation_duration_seconds_bucket{service="${service}", component="mcp-server", le="${le}"}`;
  return {
    [series("0.01")]: all ?? "0+30x40",
    [series("0.02")]: all ?? "0+30x40",
    [series("0.05")]: all ?? "0+60x40",
    [series("0.1")]: all ?? "0+60x40",
    [series("+Inf")]: all ?? "0+60x40",
  };
}
