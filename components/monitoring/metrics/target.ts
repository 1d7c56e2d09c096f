import { counter, exporter, gauge, type Labels } from "./definition.ts";

/** On every scraped series, by the scrape job; see `scrape-target.ts`. */
export const targetLabels = {
  job: "any",
  instance: "any",
  service: "any",
  component: ["mcp-server", "gateway", "database", "monitoring"],
  critical: ["true"],
  port: "any",
} as const satisfies Labels;

/** What Prometheus adds to each target by itself. */
export const scrapeMetrics = exporter({
  program: "Prometheus, about a target",
  version: "2.53",
  metrics: {
    up: gauge("state", "1 if the last scrape of the target succeeded."),
    scrape_duration_seconds: gauge("seconds", "How long the last scrape took."),
    scrape_samples_scraped: gauge("count", "Samples that the target offered."),
    scrape_samples_post_metric_relabeling: gauge("count", "Samples that were kept of them."),
    scrape_series_added: gauge("count", "Series that were new in the last scrape, roughly."),
  },
  unlisted: [],
});

const alertLabels = {
  alertname: "any",
  severity: ["critical", "warning", "info", "none"],
} as const satisfies Labels;
const whileAlerting = "only while an alert is pending or firing; the watchdog always is";

/** What Prometheus says of its own alerts; they carry the labels of the alert. */
export const alertMetrics = exporter({
  program: "Prometheus, about its alerts",
  version: "2.53",
  metrics: {
    ALERTS: gauge(
      "state",
      "1 while an alert is pending or firing.",
      { ...alertLabels, alertstate: ["pending", "firing"] },
      whileAlerting,
    ),
    ALERTS_FOR_STATE: gauge(
      "unixtime",
      "Since when the condition of an alert holds.",
      alertLabels,
      whileAlerting,
    ),
  },
  unlisted: [],
});

const quietProcess = "runtime of the program; the process metrics say enough";

/** Every program of the Prometheus client libraries says this of its process. */
export const processMetrics = exporter({
  program: "Prometheus client libraries",
  version: "1",
  metrics: {
    process_cpu_seconds_total: counter("seconds", "Processor time used."),
    process_resident_memory_bytes: gauge("bytes", "Memory that the process holds."),
    process_virtual_memory_bytes: gauge("bytes", "Address space that the process has reserved."),
    process_open_fds: gauge("count", "Open file descriptors."),
    process_max_fds: gauge("count", "Open file descriptors that are allowed."),
    process_start_time_seconds: gauge("unixtime", "When the process started."),
  },
  unlisted: [
    { pattern: /^(go|promhttp|net_conntrack)_/, why: quietProcess },
    { pattern: /^process_(network|virtual_memory_max)_/, why: quietProcess },
  ],
});
