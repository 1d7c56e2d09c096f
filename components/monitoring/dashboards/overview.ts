import { select } from "../metrics/select.ts";
import { failing, failingByServer, latencyByServer } from "./common-panels.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { bars, bigNumber, rows, timeSeries } from "./panels.ts";
import {
  anyCritical,
  anyWarning,
  memoryShare,
  orZero,
  picked,
  rate,
  releaseMarks,
  servers,
  toServer,
  upWords,
} from "./shared.ts";
import { alertsOf } from "./thresholds.ts";

const isServer = { ...picked, component: "mcp-server" } as const;

/** The whole fleet at a glance: is all of it there, does it answer, how fast. */
export function overviewDashboard(limits: Limits): FleetDashboard {
  const firing = (severity: "critical" | "warning") =>
    orZero(`count(${select("ALERTS", { alertstate: "firing", severity })})`);
  return defineDashboard({
    uid: "mcp-overview",
    title: "MCP Overview",
    description: "The whole fleet at a glance: what is down, what fires, how many calls, how fast.",
    variables: [servers],
    annotations: releaseMarks,
    sections: [
      {
        title: "Now",
        panels: [
          bigNumber({
            title: "Critical alerts",
            description: "Alerts that page somebody now.",
            unit: "short",
            width: 4,
            queries: [{ expr: firing("critical"), legend: "" }],
            limit: anyCritical,
            prominent: true,
          }),
          bigNumber({
            title: "Warnings",
            description: "Alerts that make a ticket now.",
            unit: "short",
            width: 4,
            queries: [{ expr: firing("warning"), legend: "" }],
            limit: anyWarning,
            prominent: true,
          }),
          bigNumber({
            title: "Parts down",
            description:
              "Servers, gateway, database and monitoring of which no instance can be scraped.",
            unit: "short",
            width: 4,
            queries: [
              { expr: orZero(`count(max by (service) (${select("up")}) == 0)`), legend: "" },
            ],
            limit: limits.partsDown,
            prominent: true,
          }),
          bigNumber({
            title: "Requests",
            description: "MCP requests answered per second by the servers that are picked.",
            unit: "reqps",
            width: 4,
            queries: [{ expr: `sum(${rate("mcp_requests_total", picked)})`, legend: "" }],
          }),
          failing(limits, 4),
          bigNumber({
            title: "P95 latency",
            description: "95 of 100 requests to the whole fleet are answered faster.",
            unit: "ms",
            width: 4,
            decimals: 0,
            queries: [{ expr: select("fleet:mcp_request_duration_ms:p95_5m"), legend: "" }],
            limit: limits.latencyP95Ms,
            prominent: true,
          }),
        ],
      },
      {
        title: "Servers",
        panels: [
          rows({
            title: "Servers now",
            description: "One line per server; a colour is the alert that fires there.",
            unit: "short",
            width: 24,
            height: 10,
            queries: [
              { expr: `max by (service) (${select("up", isServer)})`, legend: "" },
              {
                expr: `sum by (service) (rate(${select("mcp_requests_total", picked)}[5m]))`,
                legend: "",
              },
              {
                expr: `sum by (service) (${select("service:mcp_errors:ratio_rate5m", picked)})`,
                legend: "",
              },
              {
                expr: `sum by (service) (${select("service:mcp_request_duration_ms:p95_5m", picked)})`,
                legend: "",
              },
              { expr: `sum by (service) (${select("mcp_active_sessions", picked)})`, legend: "" },
              {
                expr: memoryShare(isServer),
                legend: "",
              },
              { expr: `min by (service) (${select("mcp_uptime_seconds", picked)})`, legend: "" },
            ],
            columns: [
              {
                field: "service",
                title: "Server",
                drillDown: {
                  title: "Show this server",
                  url: "/d/mcp-server?var-server=${__value.raw}",
                },
              },
              { field: "Value #A", title: "State", words: upWords, limit: limits.serverUp },
              { field: "Value #B", title: "Requests/s", unit: "reqps", decimals: 2 },
              {
                field: "Value #C",
                title: "Failing",
                unit: "percentunit",
                decimals: 2,
                limit: limits.errorRatio,
              },
              {
                field: "Value #D",
                title: "P95",
                unit: "ms",
                decimals: 1,
                limit: limits.latencyP95Ms,
              },
              { field: "Value #E", title: "Sessions", unit: "short" },
              {
                field: "Value #F",
                title: "Memory",
                unit: "percentunit",
                decimals: 0,
                limit: limits.memoryRatio,
              },
              { field: "Value #G", title: "Running since", unit: "dtdurations" },
            ],
          }),
        ],
      },
      {
        title: "Promises",
        panels: [
          bars({
            title: "Calls that succeed, 3 days",
            description:
              "Share of calls that did not fail through the fleet's own fault, over the last 3 days.",
            unit: "percentunit",
            width: 12,
            height: 7,
            decimals: 3,
            max: 1,
            queries: [
              {
                expr: `1 - ${select("service:slo_availability:ratio_rate3d", picked)}`,
                legend: "{{service}}",
              },
            ],
            alerts: alertsOf(limits.availability),
          }),
          bars({
            title: "Calls that are fast enough, 3 days",
            description:
              "Share of calls that were answered in the promised time, over the last 3 days.",
            unit: "percentunit",
            width: 12,
            height: 7,
            decimals: 3,
            max: 1,
            queries: [
              {
                expr: `1 - ${select("service:slo_latency:ratio_rate3d", picked)}`,
                legend: "{{service}}",
              },
            ],
            alerts: alertsOf(limits.latencyPromise),
          }),
        ],
      },
      {
        title: "Traffic",
        panels: [
          timeSeries({
            title: "Requests by server",
            description: "MCP requests per second.",
            unit: "reqps",
            width: 12,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (service) (${rate("mcp_requests_total", picked)})`,
                legend: "{{service}}",
              },
            ],
            drillDown: toServer,
          }),
          failingByServer(limits),
          latencyByServer(95, limits.latencyP95Ms),
          timeSeries({
            title: "Memory by server",
            description: "Resident memory of the largest container, as a share of its limit.",
            unit: "percentunit",
            width: 12,
            min: 0,
            queries: [{ expr: memoryShare(isServer), legend: "{{service}}" }],
            limit: limits.memoryRatio,
            drillDown: toServer,
          }),
        ],
      },
    ],
  });
}
