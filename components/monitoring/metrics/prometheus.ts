import { buildInfo } from "./build-info.ts";
import { counter, exporter, gauge, histogram, summary } from "./definition.ts";

const group = { rule_group: "any" } as const;
const alertmanager = { alertmanager: "any" } as const;
const sample = { type: ["float", "histogram"] } as const;
const onceConnected = "per Alertmanager, once it is known";

export const prometheusMetrics = exporter({
  program: "Prometheus",
  version: "2.53",
  metrics: {
    prometheus_ready: gauge("state", "1 once it has started completely."),
    prometheus_build_info: buildInfo,
    prometheus_config_last_reload_successful: gauge(
      "state",
      "0 after a configuration was refused: the one before is still in force.",
    ),
    prometheus_config_last_reload_success_timestamp_seconds: gauge(
      "unixtime",
      "When a configuration was last accepted.",
    ),
    prometheus_engine_queries: gauge("count", "Queries that run or wait."),
    prometheus_engine_queries_concurrent_max: gauge("count", "Queries that may run at once."),
    prometheus_engine_query_duration_seconds: summary("seconds", "Time of queries, by phase.", {
      slice: ["inner_eval", "prepare_time", "queue_time", "result_sort"],
    }),
    prometheus_http_requests_total: counter(
      "count",
      "HTTP requests.",
      { handler: "any", code: "any" },
      "per page, after the first request",
    ),
    prometheus_http_request_duration_seconds: histogram(
      "seconds",
      "Time of HTTP requests.",
      { handler: "any" },
      "per page, after the first request",
    ),
    prometheus_notifications_alertmanagers_discovered: gauge(
      "count",
      "Alertmanagers that alerts are sent to.",
    ),
    prometheus_notifications_dropped_total: counter("count", "Alerts that could not be sent."),
    prometheus_notifications_errors_total: counter(
      "count",
      "Alerts that an Alertmanager did not take.",
      alertmanager,
      onceConnected,
    ),
    prometheus_notifications_sent_total: counter(
      "count",
      "Alerts that were sent, or tried.",
      alertmanager,
      onceConnected,
    ),
    prometheus_notifications_latency_seconds: summary(
      "seconds",
      "Time to hand over alerts.",
      alertmanager,
      onceConnected,
    ),
    prometheus_notifications_queue_length: gauge("count", "Alerts that wait to be sent."),
    prometheus_notifications_queue_capacity: gauge("count", "Alerts that may wait."),
    prometheus_rule_evaluations_total: counter("count", "Rules that were computed.", group),
    prometheus_rule_evaluation_failures_total: counter(
      "count",
      "Rules that could not be computed.",
      group,
    ),
    prometheus_rule_group_duration_seconds: summary("seconds", "Time to compute a group."),
    prometheus_rule_group_last_duration_seconds: gauge(
      "seconds",
      "Time that the last round of a group took.",
      group,
    ),
    prometheus_rule_group_interval_seconds: gauge(
      "seconds",
      "Time between two rounds of a group.",
      group,
    ),
    prometheus_rule_group_iterations_total: counter("count", "Rounds that were due.", group),
    prometheus_rule_group_iterations_missed_total: counter(
      "count",
      "Rounds that were left out because the one before took too long.",
      group,
    ),
    prometheus_rule_group_last_evaluation_timestamp_seconds: gauge(
      "unixtime",
      "When a group was last computed.",
      group,
    ),
    prometheus_rule_group_rules: gauge("count", "Rules of a group.", group),
    prometheus_target_interval_length_seconds: summary(
      "seconds",
      "Real time between two scrapes.",
      { interval: "any" },
      "after two scrapes",
    ),
    prometheus_target_scrape_pool_targets: gauge("count", "Targets of a job.", {
      scrape_job: "any",
    }),
    prometheus_target_scrape_pools_failed_total: counter("count", "Jobs that could not be made."),
    prometheus_target_scrapes_exceeded_sample_limit_total: counter(
      "count",
      "Scrapes that were dropped: too many samples.",
    ),
    prometheus_target_scrapes_exceeded_body_size_limit_total: counter(
      "count",
      "Scrapes that were dropped: too many bytes.",
    ),
    prometheus_target_scrapes_sample_duplicate_timestamp_total: counter(
      "count",
      "Samples that were dropped: another value for the same moment.",
    ),
    prometheus_target_scrapes_sample_out_of_order_total: counter(
      "count",
      "Samples that were dropped: older than one that is kept.",
    ),
    prometheus_target_scrapes_sample_out_of_bounds_total: counter(
      "count",
      "Samples that were dropped: too old or in the future.",
    ),
    prometheus_tsdb_head_samples_appended_total: counter("count", "Samples taken in.", sample),
    prometheus_tsdb_head_series: gauge("count", "Series in memory."),
    prometheus_tsdb_head_series_created_total: counter("count", "Series that were new."),
    prometheus_tsdb_head_chunks: gauge("count", "Chunks in memory."),
    prometheus_tsdb_blocks_loaded: gauge("count", "Blocks on disk."),
    prometheus_tsdb_storage_blocks_bytes: gauge("bytes", "Size of the blocks on disk."),
    prometheus_tsdb_wal_storage_size_bytes: gauge("bytes", "Size of the write-ahead log."),
    prometheus_tsdb_head_chunks_storage_size_bytes: gauge("bytes", "Size of the head's chunks."),
    prometheus_tsdb_retention_limit_seconds: gauge("seconds", "How long samples are kept."),
    prometheus_tsdb_compactions_total: counter("count", "Compactions."),
    prometheus_tsdb_compactions_failed_total: counter("count", "Compactions that failed."),
    prometheus_tsdb_reloads_failures_total: counter("count", "Blocks that could not be read."),
    prometheus_tsdb_wal_corruptions_total: counter("count", "Damage found in the log."),
    prometheus_tsdb_wal_writes_failed_total: counter("count", "Writes to the log that failed."),
    prometheus_tsdb_wal_truncations_failed_total: counter(
      "count",
      "Attempts to shorten the log that failed.",
    ),
    prometheus_tsdb_checkpoint_creations_failed_total: counter(
      "count",
      "Checkpoints of the log that failed.",
    ),
    prometheus_tsdb_lowest_timestamp_seconds: gauge("unixtime", "Age of the oldest sample."),
    prometheus_template_text_expansion_failures_total: counter(
      "count",
      "Texts of alerts that could not be filled in.",
    ),
  },
  unlisted: [
    { pattern: /^prometheus_(sd|treecache|remote_storage|api_remote_read)_/, why: "not in use" },
    {
      pattern: /^prometheus_(tsdb|target|engine|http|rule|web|template)_/,
      why: "inner workings beyond what is listed",
    },
  ],
});
