import { not, select } from "../metrics/select.ts";
import { latencyByServer } from "./common-panels.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { bars, bigNumber, distribution, timeSeries } from "./panels.ts";
import { picked, pickedRoutes, rate, releaseMarks, servers, toServer } from "./shared.ts";

/** Bound of a bucket. Seconds; the share below it is what clients were promised. */
const promisedSeconds = "0.1";

/** How long answers take, and which part of it is where. */
export function latencyDashboard(limits: Limits): FleetDashboard {
  const quantile = (share: number) =>
    `1000 * histogram_quantile(${share}, sum by (le) (rate(${select("mcp_server_operation_duration_seconds_bucket", picked)}[5m]))) > 0`;
  return defineDashboard({
    uid: "mcp-latency",
    title: "Latency Analysis",
    description: "How long answers take, by server, tool and part of the way.",
    variables: [servers],
    annotations: releaseMarks,
    sections: [
      {
        title: "Now",
        panels: [
          ...([0.5, 0.95, 0.99] as const).map((share) =>
            bigNumber({
              title: `P${share * 100}`,
              description: `${share * 100} of 100 requests to the picked servers are answered faster.`,
              unit: "ms",
              width: 6,
              decimals: 1,
              queries: [{ expr: quantile(share), legend: "" }],
              ...(share === 0.95 && { limit: limits.latencyP95Ms }),
              ...(share === 0.99 && { limit: limits.latencyP99Ms }),
              prominent: share !== 0.5,
            }),
          ),
          bigNumber({
            title: "Within 100 ms",
            description: "Share of requests that are answered within 100 ms, over 5 minutes.",
            unit: "percentunit",
            width: 6,
            decimals: 1,
            queries: [
              {
                expr: `sum(rate(${select("mcp_server_operation_duration_seconds_bucket", { ...picked, le: promisedSeconds })}[5m])) / (sum(rate(${select("mcp_server_operation_duration_seconds_count", picked)}[5m])) > 0)`,
                legend: "",
              },
            ],
          }),
        ],
      },
      {
        title: "Over time",
        panels: [
          timeSeries({
            title: "Quantiles",
            description: "All requests of the picked servers together, over 5 minutes.",
            unit: "ms",
            width: 12,
            min: 0,
            queries: [
              { expr: quantile(0.5), legend: "P50" },
              { expr: quantile(0.95), legend: "P95" },
              { expr: quantile(0.99), legend: "P99" },
            ],
            limit: limits.latencyP95Ms,
          }),
          distribution({
            title: "How long answers take",
            description: "Requests by duration: a second band is another kind of work or a fault.",
            unit: "s",
            width: 12,
            height: 8,
            queries: [
              {
                expr: `sum by (le) (increase(${select("mcp_server_operation_duration_seconds_bucket", picked)}[$__rate_interval]))`,
                legend: "{{le}}",
              },
            ],
          }),
          latencyByServer(95, limits.latencyP95Ms),
          latencyByServer(99, limits.latencyP99Ms),
        ],
      },
      {
        title: "Where the time goes",
        panels: [
          bars({
            title: "Slowest tools",
            description: "P95 of the ten slowest tools over the range that is shown.",
            unit: "s",
            width: 8,
            height: 9,
            queries: [
              {
                expr: `topk(10, histogram_quantile(0.95, sum by (service, gen_ai_tool_name, le) (increase(${select("mcp_server_operation_duration_seconds_bucket", { ...picked, gen_ai_tool_name: not("") })}[$__range]))) > 0)`,
                legend: "{{service}} {{gen_ai_tool_name}}",
              },
            ],
          }),
          timeSeries({
            title: "Database statements, P95",
            description: "As the servers see them: pooler, wait for a connection and statement.",
            unit: "s",
            width: 8,
            height: 9,
            min: 0,
            queries: [
              {
                expr: `histogram_quantile(0.95, sum by (service, le) (${rate("mcp_database_query_duration_seconds_bucket", picked)})) > 0`,
                legend: "{{service}}",
              },
            ],
            drillDown: toServer,
          }),
          timeSeries({
            title: "Seen by the gateway",
            description:
              "Mean time to the first byte of an answer, of the last 1024 requests of each server.",
            unit: "s",
            width: 8,
            height: 9,
            min: 0,
            queries: [
              {
                expr: select("haproxy_backend_response_time_average_seconds", pickedRoutes),
                legend: "{{proxy}}",
              },
            ],
          }),
          timeSeries({
            title: "Event loop delay, P99",
            description: "A server that cannot keep up answers everybody late.",
            unit: "s",
            width: 12,
            min: 0,
            queries: [
              { expr: select("nodejs_eventloop_lag_p99_seconds", picked), legend: "{{service}}" },
            ],
            drillDown: toServer,
          }),
          timeSeries({
            title: "Wait for the pooler",
            description:
              "How long the first client in the queue of the pooler has waited for a connection.",
            unit: "s",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `max by (user) (${select("pgbouncer_pools_client_maxwait_seconds")})`,
                legend: "{{user}}",
              },
            ],
            limit: limits.clientWaitSeconds,
          }),
        ],
      },
    ],
  });
}
