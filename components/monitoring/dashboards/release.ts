import { notMatching, select } from "../metrics/select.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { bigNumber, rows, timeSeries } from "./panels.ts";
import { picked, pickedRoutes, rate, releaseMarks, servers, upWords } from "./shared.ts";
import { alertsOf } from "./thresholds.ts";

/** Share of the traffic; a container that is drained or put aside keeps its weight, but gets none. */
const weight = `${select("haproxy_server_weight", pickedRoutes)} * on (proxy, server) ${select("haproxy_server_status", { ...pickedRoutes, state: "UP" })}`;

/** Container, from the address at which it is scraped: the gateway names it so. */
const byContainer = (expr: string) =>
  `label_replace(${expr}, "server", "$1", "instance", "(.+):.+")`;

/**
 * Which build of a server answers, and how traffic moves from the containers of one release to those of the next. What
 * the gates said is no metric: `fleet history` has it.
 */
export function releaseDashboard(limits: Limits): FleetDashboard {
  return defineDashboard({
    uid: "mcp-release",
    title: "Release",
    description:
      "Which build answers, and how traffic moves from one release to the next. Verdicts of the gates: ./fleet history.",
    variables: [servers],
    annotations: releaseMarks,
    from: "now-3h",
    sections: [
      {
        title: "What serves",
        panels: [
          bigNumber({
            title: "Configuration in force",
            description: "It changes with every release that changes servers, routes or rules.",
            unit: "none",
            width: 8,
            text: true,
            queries: [{ expr: select("fleet:config_version:info"), legend: "{{version}}" }],
          }),
          bigNumber({
            title: "Builds at once",
            description: "More than one per kind of server only while a release takes over.",
            unit: "short",
            width: 4,
            queries: [
              {
                expr: `max(count by (service) (count by (service, release) (${select("mcp_server_info", picked)})))`,
                legend: "",
              },
            ],
          }),
          bigNumber({
            title: "Containers that take requests",
            description: "As the gateway sees it; one per server, two while a release takes over.",
            unit: "short",
            width: 4,
            queries: [
              {
                expr: `sum(${select("haproxy_backend_active_servers", pickedRoutes)})`,
                legend: "",
              },
            ],
          }),
          bigNumber({
            title: "Drills under way",
            description: "Servers that run with a fault switched on, on purpose.",
            unit: "short",
            width: 4,
            queries: [{ expr: `sum(${select("mcp_fault_active", picked)})`, legend: "" }],
            limit: limits.faultsActive,
            prominent: true,
          }),
          bigNumber({
            title: "Sessions refused while draining",
            description: "Within the range: sessions that came to a server that was ending.",
            unit: "short",
            width: 4,
            decimals: 0,
            queries: [
              {
                expr: `sum(increase(${select("mcp_sessions_rejected_total", { ...picked, reason: "draining" })}[$__range]))`,
                legend: "",
              },
            ],
          }),
          rows({
            title: "Which release serves what",
            description:
              "Every container that runs a server: its build, whether the gateway sends it requests and with which weight.",
            unit: "short",
            width: 24,
            height: 9,
            queries: [
              {
                expr: byContainer(
                  `max by (service, release, version, instance) (${select("mcp_server_info", picked)})`,
                ),
                legend: "",
              },
              {
                expr: `label_replace(sum by (proxy, server) (${weight} > 0), "service", "$1", "proxy", "(.+)")`,
                legend: "",
              },
            ],
            columns: [
              { field: "service", title: "Server" },
              { field: "release", title: "Build" },
              { field: "server", title: "Container" },
              { field: "Value #A", title: "State", words: upWords, limit: limits.serverUp },
              { field: "Value #B", title: "Weight" },
            ],
          }),
        ],
      },
      {
        title: "Traffic moves",
        panels: [
          timeSeries({
            title: "Answers by container",
            description:
              "Per second, as the gateway got them: one colour ends where the next begins.",
            unit: "reqps",
            width: 12,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (server) (${rate("haproxy_server_http_responses_total", pickedRoutes)})`,
                legend: "{{server}}",
              },
            ],
          }),
          timeSeries({
            title: "Weight by container",
            description: "Share of the traffic that the gateway gives each container.",
            unit: "short",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum by (server) (${weight})`,
                legend: "{{server}}",
              },
            ],
          }),
          timeSeries({
            title: "Containers by state",
            description: "Containers behind the routes; DRAIN finishes what it has.",
            unit: "short",
            width: 12,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (state) (${select("haproxy_backend_agg_server_status", { proxy: notMatching("gateway_.*") })})`,
                legend: "{{state}}",
              },
            ],
          }),
          timeSeries({
            title: "Age of containers",
            description: "A line that falls to zero is a container that is new.",
            unit: "s",
            width: 12,
            min: 0,
            queries: [{ expr: select("mcp_uptime_seconds", picked), legend: "{{instance}}" }],
          }),
        ],
      },
      {
        title: "Is the new one better or worse",
        panels: [
          timeSeries({
            title: "Failing by build",
            description: "Share of requests that failed, of each build over 5 minutes.",
            unit: "percentunit",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum by (service, release) (rate(${select("mcp_errors_total", picked)}[5m]) * on (service, instance) group_left (release) ${select("mcp_server_info", picked)}) / (sum by (service, release) (rate(${select("mcp_requests_total", picked)}[5m]) * on (service, instance) group_left (release) ${select("mcp_server_info", picked)}) > 0)`,
                legend: "{{service}} {{release}}",
              },
            ],
            limit: limits.errorRatio,
          }),
          timeSeries({
            title: "P95 by container",
            description: "95 of 100 requests to a container are answered faster, over 5 minutes.",
            unit: "ms",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `1000 * histogram_quantile(0.95, sum by (instance, le) (rate(${select("mcp_server_operation_duration_seconds_bucket", picked)}[5m]))) > 0`,
                legend: "{{instance}}",
              },
            ],
            limit: limits.latencyP95Ms,
          }),
          timeSeries({
            title: "Memory by container",
            description: "Resident memory.",
            unit: "bytes",
            width: 12,
            min: 0,
            queries: [
              {
                expr: select("mcp_memory_usage_bytes", { ...picked, type: "used" }),
                legend: "{{instance}}",
              },
            ],
            alerts: alertsOf(limits.memoryRatio),
          }),
          timeSeries({
            title: "Sessions by container",
            description: "Open 2025 sessions; those of an old container end before it does.",
            unit: "short",
            width: 12,
            min: 0,
            queries: [{ expr: select("mcp_active_sessions", picked), legend: "{{instance}}" }],
          }),
        ],
      },
    ],
  });
}
