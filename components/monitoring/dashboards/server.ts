import { matching, not, select } from "../metrics/select.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { bars, bigNumber, distribution, timeSeries } from "./panels.ts";
import { oneServer, rate, quantiles, releaseMarks, upWords } from "./shared.ts";
import { alertsOf } from "./thresholds.ts";

const service = { service: "$server" };
const toolCalls = { ...service, mcp_method_name: "tools/call" };

/** One server, from the calls that reach it to the process that answers them. */
export function serverDashboard(limits: Limits): FleetDashboard {
  return defineDashboard({
    uid: "mcp-server",
    title: "MCP server",
    description: "One server: its calls, tools, database, sessions and process.",
    variables: [oneServer],
    annotations: releaseMarks,
    sections: [
      {
        title: "State of $server",
        panels: [
          bigNumber({
            title: "State",
            description: "Up while at least one container of the server can be scraped.",
            unit: "none",
            width: 4,
            queries: [{ expr: `max(${select("up", service)})`, legend: "" }],
            limit: limits.serverUp,
            words: upWords,
            prominent: true,
          }),
          bigNumber({
            title: "Database",
            description: "Whether the server's own probe reaches the database through the pooler.",
            unit: "none",
            width: 4,
            queries: [{ expr: `min(${select("mcp_database_up", service)})`, legend: "" }],
            limit: limits.databaseReachable,
            words: upWords,
            prominent: true,
          }),
          bigNumber({
            title: "Requests",
            description: "MCP requests answered per second, of all kinds.",
            unit: "reqps",
            width: 4,
            queries: [{ expr: `sum(${rate("mcp_requests_total", service)})`, legend: "" }],
          }),
          bigNumber({
            title: "Failing",
            description: "Share of requests answered with an error, over 5 minutes.",
            unit: "percentunit",
            width: 4,
            decimals: 2,
            queries: [{ expr: select("service:mcp_errors:ratio_rate5m", service), legend: "" }],
            limit: limits.errorRatio,
          }),
          bigNumber({
            title: "P95 latency",
            description: "95 of 100 requests are answered faster, over 5 minutes.",
            unit: "ms",
            width: 4,
            queries: [
              { expr: select("service:mcp_request_duration_ms:p95_5m", service), legend: "" },
            ],
            limit: limits.latencyP95Ms,
          }),
          bigNumber({
            title: "Running since",
            description: "Age of the youngest container; short after a release or a restart.",
            unit: "dtdurations",
            width: 4,
            queries: [{ expr: `min(${select("mcp_uptime_seconds", service)})`, legend: "" }],
          }),
        ],
      },
      {
        title: "Calls",
        panels: [
          timeSeries({
            title: "Requests by method",
            description: "MCP requests per second by method; `tools/call` is the work.",
            unit: "reqps",
            width: 8,
            stacked: true,
            queries: [
              {
                expr: `sum by (mcp_method_name) (${rate("mcp_server_operation_duration_seconds_count", service)})`,
                legend: "{{mcp_method_name}}",
              },
            ],
          }),
          timeSeries({
            title: "Latency",
            description: "Quantiles of all MCP requests of this server, over 5 minutes.",
            unit: "ms",
            width: 8,
            min: 0,
            queries: quantiles(service),
            limit: limits.latencyP95Ms,
          }),
          timeSeries({
            title: "Errors by kind",
            description:
              "Failed requests per second: `tool_error` is what a tool said itself, numbers are JSON-RPC codes and HTTP statuses.",
            unit: "reqps",
            width: 8,
            stacked: true,
            queries: [
              {
                expr: `sum by (error_type) (${rate("mcp_server_operation_duration_seconds_count", { ...service, error_type: not("") })})`,
                legend: "{{error_type}}",
                emptyWhen: "no request of this server has failed",
              },
            ],
            alerts: alertsOf(limits.errorRatio),
          }),
          timeSeries({
            title: "Tool calls that succeed",
            description: "Share of tool calls whose answer is no error, over 5 minutes.",
            unit: "percentunit",
            width: 6,
            height: 9,
            max: 1,
            queries: [
              {
                expr: `1 - (sum(rate(${select("mcp_server_operation_duration_seconds_count", { ...toolCalls, error_type: not("") })}[5m])) or vector(0)) / (sum(rate(${select("mcp_server_operation_duration_seconds_count", toolCalls)}[5m])) > 0)`,
                legend: "succeed",
              },
            ],
            limit: limits.toolSuccess,
          }),
          bars({
            title: "Slowest tools",
            description: "P95 of the ten slowest tools over the range that is shown.",
            unit: "s",
            width: 6,
            height: 9,
            queries: [
              {
                expr: `topk(10, histogram_quantile(0.95, sum by (gen_ai_tool_name, le) (increase(${select("mcp_server_operation_duration_seconds_bucket", { ...service, gen_ai_tool_name: not("") })}[$__range]))) > 0)`,
                legend: "{{gen_ai_tool_name}}",
              },
            ],
          }),
          distribution({
            title: "How long answers take",
            description: "Requests by duration: a second band is another kind of work or a fault.",
            unit: "s",
            width: 12,
            queries: [
              {
                expr: `sum by (le) (increase(${select("mcp_server_operation_duration_seconds_bucket", service)}[$__rate_interval]))`,
                legend: "{{le}}",
              },
            ],
          }),
        ],
      },
      {
        title: "Database and sessions",
        panels: [
          timeSeries({
            title: "Statements",
            description: "P50 and P95 of database statements, the wait for a connection included.",
            unit: "s",
            width: 6,
            min: 0,
            queries: [
              {
                expr: `histogram_quantile(0.5, sum by (le) (${rate("mcp_database_query_duration_seconds_bucket", service)})) > 0`,
                legend: "P50",
              },
              {
                expr: `histogram_quantile(0.95, sum by (le) (${rate("mcp_database_query_duration_seconds_bucket", service)})) > 0`,
                legend: "P95",
              },
            ],
          }),
          timeSeries({
            title: "Connections of the server's pool",
            description: "Calls that wait for a connection of the server's own pool stay at zero.",
            unit: "short",
            width: 6,
            min: 0,
            queries: [
              {
                expr: `sum by (state) (${select("mcp_database_pool_connections", service)})`,
                legend: "{{state}}",
              },
            ],
          }),
          timeSeries({
            title: "Sessions",
            description: "Open 2025 sessions.",
            unit: "short",
            width: 6,
            min: 0,
            queries: [
              { expr: `sum(${select("mcp_active_sessions", service)})`, legend: "open sessions" },
            ],
            alerts: alertsOf(limits.sessionsRejected),
          }),
          timeSeries({
            title: "Calls in flight",
            description: "Requests that are being worked on.",
            unit: "short",
            width: 6,
            min: 0,
            queries: [{ expr: `sum(${select("mcp_in_flight_calls", service)})`, legend: "calls" }],
            limit: limits.concurrency,
          }),
        ],
      },
      {
        title: "Process and route",
        panels: [
          timeSeries({
            title: "Memory by kind",
            description: "Resident memory, and the heap within it.",
            unit: "bytes",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum by (type, instance) (${select("mcp_memory_usage_bytes", { ...service, type: matching("used|heap_used") })})`,
                legend: "{{type}} {{instance}}",
              },
            ],
            alerts: alertsOf(limits.memoryRatio),
          }),
          timeSeries({
            title: "Processor and event loop",
            description:
              "Cores in use, and the delay of the event loop: both high is too much work.",
            unit: "s",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("process_cpu_seconds_total", service)})`,
                legend: "processor seconds per second",
              },
              {
                expr: `max(${select("nodejs_eventloop_lag_p99_seconds", service)})`,
                legend: "event loop delay, P99",
              },
            ],
          }),
          timeSeries({
            title: "Answers by container",
            description: "What the gateway got from each container of this server, per second.",
            unit: "reqps",
            width: 8,
            stacked: true,
            queries: [
              {
                expr: `sum by (server, code) (${rate("haproxy_server_http_responses_total", { proxy: "$server" })}) > 0`,
                legend: "{{server}} {{code}}",
              },
            ],
          }),
        ],
      },
    ],
  });
}
