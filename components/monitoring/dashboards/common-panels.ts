import { select } from "../metrics/select.ts";
import type { Limits } from "./limits.ts";
import { bigNumber, timeSeries } from "./panels.ts";
import type { Limit, PanelSpec } from "./panel-spec.ts";
import { picked, rate, toServer } from "./shared.ts";

// Panels that stand on several dashboards: the same question has the same answer everywhere.

/** @param width columns of 24. */
export function failing(limits: Limits, width: number): PanelSpec {
  return bigNumber({
    title: "Failing",
    description: "Share of MCP requests answered with an error, over 5 minutes.",
    unit: "percentunit",
    width,
    decimals: 2,
    queries: [
      {
        expr: `sum(rate(${select("mcp_errors_total", picked)}[5m])) / (sum(rate(${select("mcp_requests_total", picked)}[5m])) > 0)`,
        legend: "",
      },
    ],
    limit: limits.errorRatio,
    prominent: true,
  });
}

export function failingByServer(limits: Limits): PanelSpec {
  return timeSeries({
    title: "Failing by server",
    description: "Share of requests answered with an error, over 5 minutes.",
    unit: "percentunit",
    width: 12,
    min: 0,
    queries: [{ expr: select("service:mcp_errors:ratio_rate5m", picked), legend: "{{service}}" }],
    limit: limits.errorRatio,
    drillDown: toServer,
  });
}

/** @param percent of the requests that are answered faster. */
export function latencyByServer(percent: 95 | 99, limit: Limit): PanelSpec {
  return timeSeries({
    title: `P${percent} by server`,
    description: `${percent} of 100 requests are answered faster, over 5 minutes.`,
    unit: "ms",
    width: 12,
    min: 0,
    queries: [
      {
        expr: select(`service:mcp_request_duration_ms:p${percent}_5m`, picked),
        legend: "{{service}}",
      },
    ],
    limit,
    drillDown: toServer,
  });
}

export function answersByStatus(): PanelSpec {
  return timeSeries({
    title: "Answers by class of status",
    description: "What clients got: 4xx is the client's mistake or a limit, 5xx is ours.",
    unit: "reqps",
    width: 12,
    min: 0,
    stacked: true,
    queries: [
      {
        expr: `sum by (code) (${rate("haproxy_frontend_http_responses_total", { proxy: "gateway_public" })})`,
        legend: "{{code}}",
      },
    ],
  });
}
