import { buildInfo } from "./build-info.ts";
import { counter, exporter, gauge, histogram } from "./definition.ts";

/** All that Alertmanager knows: it exposes each at zero from the start. */
const integration = [
  "discord",
  "email",
  "msteams",
  "msteamsv2",
  "opsgenie",
  "pagerduty",
  "pushover",
  "rocketchat",
  "slack",
  "sns",
  "telegram",
  "victorops",
  "webex",
  "webhook",
  "wechat",
] as const;
const alertState = ["active", "suppressed", "unprocessed"] as const;

export const alertmanagerMetrics = exporter({
  program: "Alertmanager",
  version: "0.28",
  metrics: {
    alertmanager_alerts: gauge("count", "Alerts by state.", { state: alertState }),
    alertmanager_marked_alerts: gauge("count", "Alerts by state, expired ones included.", {
      state: alertState,
    }),
    alertmanager_alerts_received_total: counter("count", "Alerts that were received.", {
      status: ["firing", "resolved"],
      version: ["v2"],
    }),
    alertmanager_alerts_invalid_total: counter("count", "Received alerts that made no sense.", {
      version: ["v2"],
    }),
    alertmanager_notifications_total: counter("count", "Notifications that were tried.", {
      integration,
    }),
    alertmanager_notifications_failed_total: counter("count", "Notifications that failed.", {
      integration,
      reason: ["clientError", "contextCanceled", "contextDeadlineExceeded", "other", "serverError"],
    }),
    alertmanager_notification_requests_total: counter(
      "count",
      "Requests that notifications took, repetitions included.",
      { integration },
    ),
    alertmanager_notification_requests_failed_total: counter(
      "count",
      "Requests of notifications that failed.",
      { integration },
    ),
    alertmanager_notification_latency_seconds: histogram("seconds", "Time of a notification.", {
      integration,
    }),
    alertmanager_silences: gauge("count", "Silences by state.", {
      state: ["active", "expired", "pending"],
    }),
    alertmanager_config_last_reload_successful: gauge(
      "state",
      "0 after a configuration was refused: the one before is still in force.",
    ),
    alertmanager_config_last_reload_success_timestamp_seconds: gauge(
      "unixtime",
      "When a configuration was last accepted.",
    ),
    alertmanager_config_hash: gauge("info", "Digest of the configuration in force."),
    alertmanager_receivers: gauge("count", "Receivers that are configured."),
    alertmanager_integrations: gauge("count", "Ways to notify that are configured."),
    alertmanager_inhibition_rules: gauge("count", "Inhibition rules that are configured."),
    alertmanager_dispatcher_aggregation_groups: gauge("count", "Groups of alerts that are open."),
    alertmanager_cluster_enabled: gauge("state", "1 if it talks to peers; one instance does not."),
    alertmanager_build_info: buildInfo,
  },
  unlisted: [
    {
      pattern: /^alertmanager_(nflog|silences)_/,
      why: "inner workings of its log and silences",
    },
    {
      pattern: /^alertmanager_(http|dispatcher_alert_processing)_/,
      why: "its own interface, which only people and Prometheus use",
    },
  ],
});
