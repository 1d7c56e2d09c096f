import { notMatching, select } from "../metrics/select.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import { answersByStatus } from "./common-panels.ts";
import type { Limits } from "./limits.ts";
import { bars, bigNumber, rows, timeSeries } from "./panels.ts";
import { pickedRoutes, rate, releaseMarks, servers, upWords } from "./shared.ts";

const clients = { proxy: "gateway_public" };

/** The only way in: what clients send, what they get, and what each server does with it. */
export function gatewayDashboard(limits: Limits): FleetDashboard {
  return defineDashboard({
    uid: "mcp-gateway",
    title: "Gateway",
    description: "The only way in: what clients send and get, and how each server answers.",
    variables: [servers],
    annotations: releaseMarks,
    sections: [
      {
        title: "Now",
        panels: [
          bigNumber({
            title: "State",
            description: "Up while Prometheus can scrape the gateway.",
            unit: "none",
            width: 4,
            queries: [{ expr: `max(${select("up", { component: "gateway" })})`, legend: "" }],
            limit: limits.gatewayUp,
            words: upWords,
            prominent: true,
          }),
          bigNumber({
            title: "Servers without a route",
            description: "Servers of which no container takes requests: clients get 503.",
            unit: "short",
            width: 5,
            queries: [
              {
                expr: `count(${select("haproxy_backend_active_servers", { proxy: notMatching("gateway_.*") })} == 0) or vector(0)`,
                legend: "",
              },
            ],
            limit: limits.routesWithout,
            prominent: true,
          }),
          bigNumber({
            title: "Requests",
            description: "Requests of clients per second, refused ones included.",
            unit: "reqps",
            width: 5,
            queries: [
              { expr: `sum(${rate("haproxy_frontend_http_requests_total", clients)})`, legend: "" },
            ],
          }),
          bigNumber({
            title: "Connections of clients",
            description: "Open connections; event streams stay open.",
            unit: "short",
            width: 5,
            queries: [
              { expr: `sum(${select("haproxy_frontend_current_sessions", clients)})`, legend: "" },
            ],
          }),
          bigNumber({
            title: "Since the last reload",
            description:
              "Age of the worker. New routes and tokens are reloads; streams survive them, counters start at zero.",
            unit: "dtdurations",
            width: 5,
            queries: [{ expr: `max(${select("haproxy_process_uptime_seconds")})`, legend: "" }],
          }),
        ],
      },
      {
        title: "Clients",
        panels: [
          answersByStatus(),
          timeSeries({
            title: "Refused",
            description: "Requests refused per second, for their token, origin, size or rate.",
            unit: "reqps",
            width: 6,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("haproxy_frontend_requests_denied_total", clients)})`,
                legend: "refused",
              },
            ],
          }),
          timeSeries({
            title: "Bytes",
            description: "Received from clients and sent to them, per second.",
            unit: "Bps",
            width: 6,
            min: 0,
            queries: [
              { expr: `sum(${rate("haproxy_frontend_bytes_in_total", clients)})`, legend: "in" },
              { expr: `sum(${rate("haproxy_frontend_bytes_out_total", clients)})`, legend: "out" },
            ],
          }),
        ],
      },
      {
        title: "Servers, as the gateway sees them",
        panels: [
          rows({
            title: "Routes now",
            description: "What answers behind each route.",
            unit: "short",
            width: 24,
            queries: [
              {
                expr: `sum by (proxy) (${select("haproxy_backend_active_servers", pickedRoutes)})`,
                legend: "",
              },
              {
                expr: `sum by (proxy) (${select("haproxy_backend_current_sessions", pickedRoutes)})`,
                legend: "",
              },
              {
                expr: `sum by (proxy) (${select("haproxy_backend_current_queue", pickedRoutes)})`,
                legend: "",
              },
              {
                expr: `sum by (proxy) (${select("haproxy_backend_response_time_average_seconds", pickedRoutes)})`,
                legend: "",
              },
              {
                expr: `sum by (proxy) (rate(${select("haproxy_backend_http_responses_total", { ...pickedRoutes, code: "5xx" })}[5m]))`,
                legend: "",
              },
              {
                expr: `sum by (proxy) (${select("haproxy_backend_downtime_seconds_total", pickedRoutes)})`,
                legend: "",
              },
            ],
            columns: [
              { field: "proxy", title: "Route" },
              { field: "Value #A", title: "Containers", limit: limits.serverUp },
              { field: "Value #B", title: "Requests and streams" },
              { field: "Value #C", title: "Waiting" },
              { field: "Value #D", title: "First byte, mean", unit: "s" },
              { field: "Value #E", title: "5xx/s", unit: "reqps", decimals: 2 },
              { field: "Value #F", title: "Down so far", unit: "dtdurations" },
            ],
          }),
          timeSeries({
            title: "Requests by route",
            description: "Requests that were passed on, per second.",
            unit: "reqps",
            width: 12,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (proxy) (${rate("haproxy_backend_http_requests_total", pickedRoutes)})`,
                legend: "{{proxy}}",
              },
            ],
          }),
          timeSeries({
            title: "First byte, mean",
            description: "Of the last 1024 requests of each route.",
            unit: "s",
            width: 12,
            min: 0,
            queries: [
              {
                expr: select("haproxy_backend_response_time_average_seconds", pickedRoutes),
                legend: "{{proxy}}",
              },
            ],
          }),
          timeSeries({
            title: "Failures on the way",
            description:
              "Per second: server not reached, tried again, sent elsewhere, answer broken off, client gone.",
            unit: "reqps",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("haproxy_backend_connection_errors_total", pickedRoutes)})`,
                legend: "not reached",
              },
              {
                expr: `sum(${rate("haproxy_backend_retry_warnings_total", pickedRoutes)})`,
                legend: "tried again",
              },
              {
                expr: `sum(${rate("haproxy_backend_redispatch_warnings_total", pickedRoutes)})`,
                legend: "sent elsewhere",
              },
              {
                expr: `sum(${rate("haproxy_backend_response_errors_total", pickedRoutes)})`,
                legend: "broken off",
              },
              {
                expr: `sum(${rate("haproxy_backend_client_aborts_total", pickedRoutes)})`,
                legend: "client gone",
              },
            ],
          }),
          timeSeries({
            title: "Waiting for a server",
            description: "Requests in the queue of a route: its servers have all they can take.",
            unit: "short",
            width: 12,
            min: 0,
            queries: [
              { expr: select("haproxy_backend_current_queue", pickedRoutes), legend: "{{proxy}}" },
            ],
            limit: limits.gatewayQueue,
          }),
        ],
      },
      {
        title: "Process",
        panels: [
          bars({
            title: "Tables",
            description: "How full the tables of sessions and rate limits are.",
            unit: "percentunit",
            width: 8,
            min: 0,
            max: 1,
            queries: [
              {
                expr: `${select("haproxy_sticktable_used")} / ${select("haproxy_sticktable_size")}`,
                legend: "{{name}}",
              },
            ],
          }),
          timeSeries({
            title: "Idle time",
            description: "Share of its time in which the gateway had nothing to do.",
            unit: "percentunit",
            width: 8,
            min: 0,
            max: 1,
            queries: [
              { expr: `${select("haproxy_process_idle_time_percent")} / 100`, legend: "idle" },
            ],
          }),
          timeSeries({
            title: "Connections",
            description: "Connections with clients and servers, of those that are allowed.",
            unit: "percentunit",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `${select("haproxy_process_current_connections")} / ${select("haproxy_process_max_connections")}`,
                legend: "in use",
              },
            ],
            limit: limits.gatewayConnections,
          }),
        ],
      },
    ],
  });
}
