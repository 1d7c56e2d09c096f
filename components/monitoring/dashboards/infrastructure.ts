import { matching, select } from "../metrics/select.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import type { Section } from "./panel-spec.ts";
import { bars, bigNumber, rows, timeSeries } from "./panels.ts";
import { memoryShare, picked, rate, releaseMarks, servers, upWords } from "./shared.ts";

const isServer = { ...picked, component: "mcp-server" } as const;
const monitoring = { component: matching("database|monitoring") };

/** What it all costs, and whether what watches the fleet is well itself. */
export function infrastructureDashboard(limits: Limits, elsewhere = false): FleetDashboard {
  return defineDashboard({
    uid: "mcp-infrastructure",
    title: "Infrastructure",
    description: "Memory, processors, and whether what watches the fleet is well itself.",
    variables: [servers],
    annotations: releaseMarks,
    sections: [
      {
        title: "Everything that runs",
        panels: [
          rows({
            title: "Parts",
            description:
              "Every part that is scraped. Exporters stand for what they watch: their memory and processor are their own.",
            unit: "short",
            width: 16,
            height: 10,
            queries: [
              { expr: `max by (service, component) (${select("up")})`, legend: "" },
              {
                expr: `max by (service, component) (${select("process_resident_memory_bytes")})`,
                legend: "",
              },
              {
                expr: `sum by (service, component) (rate(${select("process_cpu_seconds_total")}[5m]))`,
                legend: "",
              },
              {
                expr: `max by (service, component) (${select("process_open_fds")} / ${select("process_max_fds")})`,
                legend: "",
              },
              {
                expr: `max by (service, component) (time() - ${select("process_start_time_seconds")})`,
                legend: "",
              },
              {
                expr: `max by (service, component) (${select("scrape_duration_seconds")})`,
                legend: "",
              },
            ],
            columns: [
              { field: "service", title: "Part" },
              { field: "component", title: "Kind" },
              { field: "Value #A", title: "State", words: upWords, limit: limits.serverUp },
              { field: "Value #B", title: "Memory", unit: "bytes" },
              { field: "Value #C", title: "Cores", unit: "short", decimals: 3 },
              { field: "Value #D", title: "Open files", unit: "percentunit" },
              { field: "Value #E", title: "Running since", unit: "dtdurations" },
              { field: "Value #F", title: "Scrape", unit: "s" },
            ],
          }),
          bars({
            title: "Memory now",
            description: "Resident memory of every process that tells it.",
            unit: "bytes",
            width: 8,
            height: 10,
            min: 0,
            queries: [
              {
                expr: `sort_desc(max by (service) (${select("process_resident_memory_bytes")}))`,
                legend: "{{service}}",
              },
            ],
          }),
        ],
      },
      {
        title: "Servers",
        panels: [
          timeSeries({
            title: "Memory of servers",
            description:
              "Resident memory of the largest container of each, as a share of its limit.",
            unit: "percentunit",
            width: 12,
            min: 0,
            queries: [{ expr: memoryShare(isServer), legend: "{{service}}" }],
            limit: limits.memoryRatio,
          }),
          timeSeries({
            title: "Processor of servers",
            description: "Cores in use.",
            unit: "short",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum by (service) (${rate("process_cpu_seconds_total", isServer)})`,
                legend: "{{service}}",
              },
            ],
          }),
          timeSeries({
            title: "Heap in use",
            description: "A line that only rises between garbage collections is a leak.",
            unit: "bytes",
            width: 12,
            min: 0,
            queries: [
              { expr: select("nodejs_heap_size_used_bytes", picked), legend: "{{service}}" },
            ],
          }),
          timeSeries({
            title: "Garbage collection",
            description: "Share of time that a server stands still for it.",
            unit: "percentunit",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `sum by (service) (${rate("nodejs_gc_duration_seconds_sum", picked)})`,
                legend: "{{service}}",
              },
            ],
          }),
        ],
      },
      {
        title: "Database and monitoring",
        panels: [
          timeSeries({
            title: "Memory of exporters and monitoring",
            description: "Resident memory.",
            unit: "bytes",
            width: 12,
            min: 0,
            queries: [
              {
                expr: select("process_resident_memory_bytes", monitoring),
                legend: "{{service}}",
              },
            ],
          }),
          timeSeries({
            title: "Scrape duration",
            description: "How long each part takes to tell its metrics.",
            unit: "s",
            width: 12,
            min: 0,
            queries: [
              {
                expr: `max by (service) (${select("scrape_duration_seconds")})`,
                legend: "{{service}}",
              },
            ],
          }),
        ],
      },
      ...(elsewhere ? [] : [ownMonitoring(limits)]),
    ],
  });
}

/** Somebody else's have no series among the fleet's. */
function ownMonitoring(limits: Limits): Section {
  return {
    title: "Prometheus and Alertmanager",
    panels: [
      configurationInForce(
        "Prometheus",
        select("prometheus_config_last_reload_successful"),
        limits.prometheusConfig,
      ),
      configurationInForce(
        "Alertmanager",
        select("alertmanager_config_last_reload_successful"),
        limits.alertmanagerConfig,
      ),
      bigNumber({
        title: "Alertmanagers that are told",
        description: "Without one, alerts go nowhere.",
        unit: "short",
        width: 6,
        queries: [
          {
            expr: `max(${select("prometheus_notifications_alertmanagers_discovered")})`,
            legend: "",
          },
        ],
        limit: limits.alertmanagersKnown,
        prominent: true,
      }),
      bigNumber({
        title: "Series in memory",
        description: "Series that Prometheus takes samples of.",
        unit: "short",
        width: 6,
        queries: [{ expr: `max(${select("prometheus_tsdb_head_series")})`, legend: "" }],
      }),
      timeSeries({
        title: "Samples taken in",
        description: "Per second; at zero nothing is watched.",
        unit: "ops",
        width: 8,
        min: 0,
        queries: [
          {
            expr: `sum(${rate("prometheus_tsdb_head_samples_appended_total")})`,
            legend: "samples",
          },
        ],
      }),
      timeSeries({
        title: "Disk of Prometheus",
        description: "Blocks and write-ahead log.",
        unit: "bytes",
        width: 8,
        min: 0,
        stacked: true,
        queries: [
          { expr: `max(${select("prometheus_tsdb_storage_blocks_bytes")})`, legend: "blocks" },
          { expr: `max(${select("prometheus_tsdb_wal_storage_size_bytes")})`, legend: "log" },
        ],
      }),
      timeSeries({
        title: "Notifications",
        description: "Notifications of Alertmanager per second, and those that failed.",
        unit: "ops",
        width: 8,
        min: 0,
        queries: [
          { expr: `sum(${rate("alertmanager_notifications_total")})`, legend: "tried" },
          { expr: `sum(${rate("alertmanager_notifications_failed_total")})`, legend: "failed" },
        ],
      }),
      timeSeries({
        title: "Time for the rules",
        description: "Seconds that each group of rules took in its last round.",
        unit: "s",
        width: 12,
        min: 0,
        queries: [
          {
            expr: select("prometheus_rule_group_last_duration_seconds"),
            legend: "{{rule_group}}",
          },
        ],
      }),
      timeSeries({
        title: "Rules that failed",
        description: "Evaluations per second that gave an error.",
        unit: "ops",
        width: 12,
        min: 0,
        queries: [
          {
            expr: `sum(${rate("prometheus_rule_evaluation_failures_total")})`,
            legend: "failed",
          },
        ],
      }),
    ],
  };
}

function configurationInForce(part: string, reloaded: string, limit: Limits["prometheusConfig"]) {
  return bigNumber({
    title: `${part}'s configuration`,
    description: "Whether the last reload was accepted; else the one before is in force.",
    unit: "none",
    width: 6,
    queries: [{ expr: `min(${reloaded})`, legend: "" }],
    limit,
    words: {
      0: { text: "REFUSED", color: "red" },
      1: { text: "IN FORCE", color: "green" },
    },
    prominent: true,
  });
}
