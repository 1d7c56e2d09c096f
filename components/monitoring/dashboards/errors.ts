import { not, select } from "../metrics/select.ts";
import { answersByStatus, failing, failingByServer } from "./common-panels.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { bars, bigNumber, rows, timeSeries } from "./panels.ts";
import { growth, orZero, picked, rate, releaseMarks, servers, toServer } from "./shared.ts";

const failedCall = { ...picked, error_type: not("") };

/** What fails, where, and of which kind. */
export function errorsDashboard(limits: Limits): FleetDashboard {
  return defineDashboard({
    uid: "mcp-errors",
    title: "Error Tracking",
    description: "What fails, where, of which kind, and which alerts say so.",
    variables: [servers],
    annotations: releaseMarks,
    sections: [
      {
        title: "Now",
        panels: [
          failing(limits, 6),
          bigNumber({
            title: "Failed requests",
            description: "In the whole range that is shown.",
            unit: "short",
            width: 6,
            decimals: 0,
            queries: [{ expr: `sum(${growth("mcp_errors_total", picked)})`, legend: "" }],
          }),
          bigNumber({
            title: "Restarts",
            description:
              "Containers of servers that started anew within the range, releases included.",
            unit: "short",
            width: 6,
            decimals: 0,
            queries: [
              {
                expr: `sum(changes(${select("process_start_time_seconds", { ...picked, component: "mcp-server" })}[$__range]))`,
                legend: "",
              },
            ],
          }),
          bigNumber({
            title: "Refused sessions",
            description:
              "Sessions that servers refused within the range: too many, or the server is ending.",
            unit: "short",
            width: 6,
            decimals: 0,
            queries: [
              {
                expr: `sum by (reason) (${growth("mcp_sessions_rejected_total", picked)})`,
                legend: "{{reason}}",
              },
            ],
          }),
        ],
      },
      {
        title: "Where and what",
        panels: [
          failingByServer(limits),
          timeSeries({
            title: "Errors by kind",
            description:
              "Failed requests per second: `tool_error` is what a tool said itself, numbers are JSON-RPC codes and HTTP statuses.",
            unit: "reqps",
            width: 12,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (error_type) (${rate("mcp_server_operation_duration_seconds_count", failedCall)})`,
                legend: "{{error_type}}",
                emptyWhen: "no request has failed",
              },
            ],
          }),
          bars({
            title: "Errors by tool",
            description: "The ten tools that failed most often within the range.",
            unit: "short",
            width: 12,
            decimals: 0,
            queries: [
              {
                expr: `topk(10, sum by (service, gen_ai_tool_name) (${growth("mcp_server_operation_duration_seconds_count", { ...failedCall, gen_ai_tool_name: not("") })}) > 0)`,
                legend: "{{service}} {{gen_ai_tool_name}}",
                emptyWhen: "no tool has failed",
              },
            ],
          }),
          timeSeries({
            title: "Database errors",
            description: "Database statements that failed, per second.",
            unit: "ops",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum by (service) (${rate("mcp_database_query_duration_seconds_count", { ...picked, result: "error" })})`,
                legend: "{{service}}",
                emptyWhen: "no statement has failed",
              },
            ],
            drillDown: toServer,
          }),
        ],
      },
      {
        title: "At the gateway",
        panels: [
          answersByStatus(),
          timeSeries({
            title: "Refused and broken",
            description:
              "Requests per second that the gateway refused (token, origin, limits), could not read, or could not pass on.",
            unit: "reqps",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("haproxy_frontend_requests_denied_total", { proxy: "gateway_public" })})`,
                legend: "refused",
              },
              {
                expr: `sum(${rate("haproxy_frontend_request_errors_total", { proxy: "gateway_public" })})`,
                legend: "unreadable",
              },
              {
                expr: `sum(${rate("haproxy_backend_connection_errors_total")})`,
                legend: "server not reached",
              },
              {
                expr: `sum(${rate("haproxy_backend_response_errors_total")})`,
                legend: "answer broke off",
              },
            ],
          }),
        ],
      },
      {
        title: "Alerts",
        panels: [
          timeSeries({
            title: "Alerts firing by severity",
            description: "How many alerts fired when; the watchdog, which always fires, is `none`.",
            unit: "short",
            width: 12,
            min: 0,
            decimals: 0,
            queries: [
              {
                expr: orZero(`count by (severity) (${select("ALERTS", { alertstate: "firing" })})`),
                legend: "{{severity}}",
              },
            ],
          }),
          rows({
            title: "Alerts now",
            description: "Every alert that is pending or firing.",
            unit: "short",
            width: 12,
            queries: [{ expr: select("ALERTS"), legend: "" }],
            columns: [
              { field: "alertname", title: "Alert" },
              { field: "service", title: "Service" },
              { field: "severity", title: "Severity" },
              { field: "alertstate", title: "State" },
            ],
          }),
        ],
      },
    ],
  });
}
