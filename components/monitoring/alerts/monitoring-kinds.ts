import { select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { byService } from "./by-service.ts";
import { burst, stateCases, together } from "./cases.ts";
import { type Alert, type Runbook, defineAlert } from "./define-alert.ts";

export const prometheus = { service: "prometheus", component: "monitoring" } as const;

export const alertmanager = { service: "alertmanager", component: "monitoring" } as const;

/** A reload that failed, seen through a window so that one that is repeated and fails again does not flicker. */
export function reloadFailed(
  name: string,
  metric: "prometheus_config_last_reload_successful" | "alertmanager_config_last_reload_successful",
  who: string,
  labels: typeof prometheus | typeof alertmanager,
): Alert {
  return defineAlert({
    name,
    group: "monitoring",
    severity: "warning",
    forSeconds: 300,
    thresholds: {},
    expr: () => `max ${byService} (max_over_time(${select(metric)}[5m])) == 0`,
    summary: `${who} runs an old configuration`,
    description: () => `${who} refused its new configuration and goes on with the one before.`,
    runbook: {
      meaning: `The last reload of ${who} failed. \`./fleet up\` checks a configuration before it takes its place, so this is rare.`,
      impact: "Changes of targets, rules or routes are not in force.",
      diagnosis: [
        `\`docker logs --tail 50 <${labels.service}>\` names the line.`,
        `\`docker exec <${labels.service}> ${labels.service}-ctl verify\`.`,
      ],
      mitigation: ["`./fleet up` writes the files again and reloads."],
    },
    tests: (_t, { forSeconds }) =>
      stateCases({
        forSeconds,
        windowSeconds: 300,
        series: select(metric, labels),
        goodIs: "it succeeded",
        firing: { labels },
      }),
  });
}

type Counter =
  | "prometheus_notifications_dropped_total"
  | "prometheus_rule_evaluation_failures_total"
  | "prometheus_rule_group_iterations_missed_total"
  | "prometheus_target_scrapes_exceeded_sample_limit_total"
  | "prometheus_target_scrapes_exceeded_body_size_limit_total"
  | "prometheus_target_scrapes_sample_duplicate_timestamp_total"
  | "prometheus_tsdb_compactions_failed_total"
  | "prometheus_tsdb_wal_corruptions_total"
  | "prometheus_tsdb_wal_writes_failed_total"
  | "prometheus_tsdb_reloads_failures_total"
  | "alertmanager_alerts_invalid_total";

/** Something that should never happen, counted over a window by any of several counters. */
export function counted(given: {
  readonly name: string;
  readonly severity: "critical" | "warning";
  readonly minutes: 10 | 30 | 180;
  readonly threshold: number;
  readonly what: string;
  readonly counters: readonly [Counter, ...Counter[]];
  readonly labels: typeof prometheus | typeof alertmanager;
  readonly summary: string;
  readonly happened: string;
  readonly runbook: Runbook;
}): Alert {
  const { counters, minutes, labels } = given;
  return defineAlert({
    name: given.name,
    group: "monitoring",
    severity: given.severity,
    forSeconds: 0,
    thresholds: { events: { unit: "count", default: given.threshold, min: 0, what: given.what } },
    expr: (t) =>
      counters
        .map(
          (metric) => `sum ${byService} (increase(${select(metric)}[${minutes}m])) > ${t.events}`,
        )
        .join(" or "),
    summary: given.summary,
    description: (t) => `${given.happened} more than ${t.events} times within ${minutes} minutes.`,
    runbook: given.runbook,
    tests: (t) => {
      const [first, ...others] = counters.map((metric) =>
        burst({
          windowSeconds: 60 * minutes,
          threshold: t.events,
          series: (values) => ({ [select(metric, labels)]: values }),
          firing: () => ({ labels }),
        }),
      ) as [AlertTests, ...AlertTests[]];
      return together(first, ...others);
    },
  });
}
