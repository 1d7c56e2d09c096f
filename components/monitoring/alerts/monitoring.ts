import { select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import {
  burst,
  counter,
  crossing,
  evaluationAt,
  level,
  steady,
  stepSeconds,
  together,
} from "./cases.ts";
import { defineAlert, type Alert, type Runbook } from "./define-alert.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { showThreshold } from "./threshold.ts";

const prometheus = { service: "prometheus", component: "monitoring" } as const;
const alertmanager = { service: "alertmanager", component: "monitoring" } as const;
const long = 7200;
const by = "by (service, component)";

/** Three missed scrapes are an outage; what is older than 5 minutes Prometheus does not see at all. */
function freshSeconds(scrapeIntervalSeconds: number): number {
  return Math.min(Math.max(60, 3 * scrapeIntervalSeconds), 300);
}

/**
 * Fires as long as Prometheus takes in samples, and so proves the way to the receiver; whoever waits for it notices
 * when it stops. `vector(1)` would go on firing while Prometheus no longer scrapes anything.
 */
const watchdog = defineAlert({
  name: "Watchdog",
  group: "monitoring",
  severity: "none",
  forSeconds: 0,
  ...prometheus,
  thresholds: {},
  expr: (_t, { scrapeIntervalSeconds }) =>
    `time() - max(timestamp(${select("up")})) < ${freshSeconds(scrapeIntervalSeconds)}`,
  summary: "Alerting works",
  description: () =>
    "Fires all the time. When it stops, Prometheus takes in no samples, or the way from it to the receiver is broken.",
  runbook: {
    meaning: "The heartbeat of alerting. It is good news; its absence is the alert.",
    impact: "None while it fires. Once it stops, nobody would be told of anything.",
    diagnosis: [
      "`./fleet health`: do Prometheus and Alertmanager answer?",
      "Prometheus's page of alerts: is Watchdog firing there? Then the way from Alertmanager to you is broken.",
    ],
    mitigation: [
      "Restart the part that does not answer.",
      "Check the receiver's secret and address.",
    ],
  },
  tests: (_t, { scrapeIntervalSeconds }) => {
    const fresh = freshSeconds(scrapeIntervalSeconds);
    const up = select("up", { ...prometheus, job: "prometheus" });
    const stopping = { [up]: "1x20 _x1000" };
    const fires = (name: string, values: string, atSeconds: number) => ({
      name,
      series: { [up]: values },
      atSeconds,
      firing: [{ labels: {} }] as const,
    });
    return {
      fires: [
        fires("fresh samples", "1x40", 600),
        fires("the first sample", "1x40", 0),
        fires("a part is down, yet samples are fresh", "0x40", 600),
        fires(
          "the last sample is only just fresh",
          "1x20 _x1000",
          300 + evaluationAt(fresh) - stepSeconds,
        ),
      ],
      quiet: [
        {
          name: "no sample for longer than is fresh",
          series: stopping,
          atSeconds: 300 + evaluationAt(fresh),
        },
        { name: "no samples at all", series: {}, atSeconds: 600 },
      ],
    };
  },
});

const targetDown = defineAlert({
  name: "TargetDown",
  group: "monitoring",
  severity: "warning",
  forSeconds: 600,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.1,
      max: 0.9,
      what: "Share of a job's targets that are down.",
    },
  },
  // Counts are exact; a mean depends on the order in which it is summed up.
  expr: (t) =>
    `sum by (service, component, job) (${select("up")} == bool 0) / count by (service, component, job) (${select("up")}) > ${t.ratio}`,
  summary: "Part of {{ $labels.service }} is down",
  description: (t) =>
    `{{ $value | humanizePercentage }} of what Prometheus scrapes of {{ $labels.service }} is down; up to ${showThreshold("ratio", t.ratio)} may be.`,
  runbook: {
    meaning: "One of several instances is down, or one whose outage pages nobody.",
    impact: "Less capacity, or a blind spot.",
    diagnosis: ["Prometheus's page of targets shows the error of each."],
    mitigation: ["Restart the instance, or `./fleet up`."],
  },
  causes: ["ServiceDown", "GatewayDown", "ExporterDown", "AlertmanagerDown"].map((alert) => ({
    alert,
    scope: "service" as const,
  })),
  tests: (t, { forSeconds }) => {
    const up = (index: number) =>
      select("up", {
        job: "scene",
        service: "scene",
        component: "mcp-server",
        instance: `i${index}`,
      });
    // A hundred instances: every share is a number of them.
    const series = (down: number) =>
      Object.fromEntries(
        Array.from({ length: 100 }, (_value, index) => [
          up(index),
          steady(index < down ? 0 : 1, forSeconds + long),
        ]),
      );
    const tolerated = Math.floor(t.ratio * 100 + 1e-9);
    const over = tolerated + 1;
    return level({
      forSeconds,
      bad: series(over),
      good: series(tolerated),
      firing: {
        labels: { service: "scene", component: "mcp-server", job: "scene" },
        value: over / 100,
      },
    });
  },
});

/** A reload that failed, seen through a window so that one that is repeated and fails again does not flicker. */
function reloadFailed(
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
    expr: () => `max ${by} (max_over_time(${select(metric)}[5m])) == 0`,
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
    tests: (_t, { forSeconds }) => {
      const series = (values: string) => ({ [select(metric, labels)]: values });
      const firing = { labels };
      return together(
        level({
          forSeconds,
          bad: series(steady(0, forSeconds + long)),
          good: series(steady(1, forSeconds + long)),
          goodIs: "it succeeded",
          firing,
        }),
        crossing({
          forSeconds,
          windowSeconds: 300,
          start: 600,
          share: 1,
          series: series(`${steady(1, 600)} ${steady(0, forSeconds + long)}`),
          firing,
        }),
      );
    },
  });
}

const notIngesting = defineAlert({
  name: "PrometheusNotIngesting",
  group: "monitoring",
  severity: "critical",
  forSeconds: 600,
  thresholds: {},
  expr: () => `sum ${by} (rate(${select("prometheus_tsdb_head_samples_appended_total")}[5m])) <= 0`,
  summary: "Prometheus stores no samples",
  description: () => "Prometheus runs, but has stored no sample: alerts look at the past.",
  runbook: {
    meaning: "Scrapes fail, or samples cannot be written.",
    impact: "No alert can fire any more.",
    diagnosis: [
      "`docker logs --tail 50 <prometheus>`: a full disk, a damaged log, or limits of a scrape.",
    ],
    mitigation: [
      "Make room on the disk.",
      "`docker restart <prometheus>`; it reads its log again.",
    ],
  },
  tests: (_t, { forSeconds }) => {
    const name = select("prometheus_tsdb_head_samples_appended_total", {
      ...prometheus,
      type: "float",
    });
    const firing = { labels: prometheus };
    return together(
      level({
        forSeconds,
        onset: 15,
        bad: { [name]: counter([0, forSeconds + long]) },
        good: { [name]: counter([0.1, forSeconds + long]) },
        goodIs: "it stores some",
        firing,
      }),
      crossing({
        forSeconds,
        windowSeconds: 300,
        start: 600,
        share: 1,
        series: { [name]: counter([10, 600], [0, forSeconds + long]) },
        firing,
      }),
    );
  },
});

const notConnected = defineAlert({
  name: "PrometheusNotConnectedToAlertmanager",
  group: "monitoring",
  severity: "warning",
  forSeconds: 600,
  thresholds: {},
  expr: () =>
    `max ${by} (max_over_time(${select("prometheus_notifications_alertmanagers_discovered")}[5m])) < 1`,
  summary: "Prometheus knows no Alertmanager",
  description: () =>
    "Prometheus has nobody to send its alerts to. This one shows on its own page only.",
  runbook: {
    meaning: "The list of Alertmanagers in Prometheus's configuration is empty.",
    impact: "No alert reaches anybody; the Watchdog stops at the receiver.",
    diagnosis: ["Prometheus's status page lists the Alertmanagers that it knows."],
    mitigation: ["`./fleet up` writes the configuration again."],
  },
  tests: (_t, { forSeconds }) => {
    const name = select("prometheus_notifications_alertmanagers_discovered", prometheus);
    const firing = { labels: prometheus };
    return together(
      level({
        forSeconds,
        bad: { [name]: steady(0, forSeconds + long) },
        good: { [name]: steady(1, forSeconds + long) },
        goodIs: "it knows one",
        firing,
      }),
      crossing({
        forSeconds,
        windowSeconds: 300,
        start: 600,
        share: 1,
        series: { [name]: `${steady(1, 600)} ${steady(0, forSeconds + long)}` },
        firing,
      }),
    );
  },
});

const sendFailing = defineAlert({
  name: "PrometheusNotificationsFailing",
  group: "monitoring",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.01,
      min: 0.0001,
      what: "Share of alerts that Alertmanager does not take.",
    },
    minimum: {
      unit: "count",
      default: 1,
      min: 0.1,
      what: "Alerts sent within 5 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const of = (f: string, name: "errors" | "sent") =>
      `sum ${by} (${f}(${select(`prometheus_notifications_${name}_total`)}[5m]))`;
    return `${of("rate", "errors")} / ${of("rate", "sent")} > ${t.ratio} and ${of("increase", "sent")} >= ${t.minimum}`;
  },
  summary: "Alertmanager does not take alerts",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the alerts that Prometheus sends fail; up to ${showThreshold("ratio", t.ratio)} may.`,
  runbook: {
    meaning: "Prometheus reaches no Alertmanager, or is refused.",
    impact: "Alerts come late or not at all.",
    diagnosis: [
      "Does Alertmanager answer? `./fleet health`.",
      "`docker logs <prometheus>` prints the error of each attempt.",
    ],
    mitigation: ["`docker restart <alertmanager>`."],
  },
  causes: [{ alert: "AlertmanagerDown", scope: "fleet" }],
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 300,
      threshold: t.ratio,
      minimumCalls: t.minimum,
      series: (phases) => {
        const labels = { ...prometheus, alertmanager: "am" };
        const { total, bad } = countedCalls(phases);
        return {
          [select("prometheus_notifications_sent_total", labels)]: total,
          [select("prometheus_notifications_errors_total", labels)]: bad,
        };
      },
      firing: (value) => ({ labels: prometheus, value }),
    }),
});

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
function counted(given: {
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
        .map((metric) => `sum ${by} (increase(${select(metric)}[${minutes}m])) > ${t.events}`)
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

const prometheusCounted: readonly Alert[] = [
  counted({
    name: "PrometheusNotificationsDropped",
    severity: "critical",
    minutes: 10,
    threshold: 0,
    what: "Alerts that Prometheus gave up within 10 minutes.",
    counters: ["prometheus_notifications_dropped_total"],
    labels: prometheus,
    summary: "Prometheus gives up alerts",
    happened: "Alerts could not be sent and were dropped",
    runbook: {
      meaning:
        "Alertmanager did not take alerts, and the queue was full or the attempts were used up.",
      impact: "Somebody was not told.",
      diagnosis: [
        "Prometheus's page of alerts shows what fires now.",
        "Does Alertmanager answer? `./fleet health`.",
      ],
      mitigation: ["`docker restart <alertmanager>`. What still fires is sent again."],
    },
  }),
  counted({
    name: "PrometheusRuleFailures",
    severity: "critical",
    minutes: 10,
    threshold: 0,
    what: "Rules that could not be computed within 10 minutes.",
    counters: ["prometheus_rule_evaluation_failures_total"],
    labels: prometheus,
    summary: "Prometheus cannot compute rules",
    happened: "Rules could not be computed",
    runbook: {
      meaning:
        "A rule meets series that it cannot work with, for instance two where it expects one.",
      impact: "The alerts of this rule cannot fire.",
      diagnosis: ["Prometheus's page of rules shows the error."],
      mitigation: [
        "A part that exposes the same series twice: remove one.",
        "Else change the rule, and add the case to its tests.",
      ],
    },
  }),
  counted({
    name: "PrometheusRulesLate",
    severity: "warning",
    minutes: 10,
    threshold: 2,
    what: "Rounds of rules that were left out within 10 minutes.",
    counters: ["prometheus_rule_group_iterations_missed_total"],
    labels: prometheus,
    summary: "Prometheus leaves out rounds of rules",
    happened: "Rounds of rules were left out, because the one before took too long,",
    runbook: {
      meaning: "Computing a group takes longer than its interval.",
      impact: "Alerts come late.",
      diagnosis: [
        "`prometheus_rule_group_last_duration_seconds` by `rule_group`.",
        "Is the machine busy, or are there far more series than before (`prometheus_tsdb_head_series`)?",
      ],
      mitigation: ["Raise `monitoring.prometheus.cpus`, or `evaluationIntervalSeconds`."],
    },
  }),
  counted({
    name: "PrometheusScrapesRefused",
    severity: "warning",
    minutes: 10,
    threshold: 0,
    what: "Scrapes that were dropped for their size or for double series within 10 minutes.",
    counters: [
      "prometheus_target_scrapes_exceeded_sample_limit_total",
      "prometheus_target_scrapes_exceeded_body_size_limit_total",
      "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    ],
    labels: prometheus,
    summary: "Prometheus refuses what a part exposes",
    happened: "A scrape was too large or had the same series twice",
    runbook: {
      meaning: "A part exposes more series than the limits allow, or the same series twice.",
      impact: "The part looks down, or some of its series are missing.",
      diagnosis: [
        "Prometheus's page of targets names the limit. `scrape_samples_scraped` by job shows what grew.",
      ],
      mitigation: ["Remove the label whose values never end from that part."],
    },
  }),
  counted({
    name: "PrometheusStorageFailures",
    severity: "critical",
    minutes: 180,
    threshold: 0,
    what: "Failures of the storage within 3 hours.",
    counters: [
      "prometheus_tsdb_compactions_failed_total",
      "prometheus_tsdb_wal_corruptions_total",
      "prometheus_tsdb_wal_writes_failed_total",
      "prometheus_tsdb_reloads_failures_total",
    ],
    labels: prometheus,
    summary: "Prometheus's storage fails",
    happened: "Prometheus could not read or write its data",
    runbook: {
      meaning: "A compaction, the write-ahead log or the loading of blocks failed.",
      impact: "Samples may be lost; the disk may fill up.",
      diagnosis: ["`docker logs <prometheus> | grep -i error`.", "`df -h` on the machine."],
      mitigation: [
        "Make room on the disk.",
        "Damaged blocks: stop Prometheus and move them out of its volume.",
      ],
    },
  }),
];

const alertmanagerDown = defineAlert({
  name: "AlertmanagerDown",
  group: "monitoring",
  severity: "critical",
  forSeconds: 120,
  thresholds: {},
  expr: () => `max ${by} (${select("up", { service: "alertmanager" })}) == 0`,
  summary: "Alertmanager is down",
  description: (_t, { forSeconds }) =>
    `Alertmanager has not answered for ${showThreshold("seconds", forSeconds)}: no alert reaches anybody. This one shows on Prometheus's page only.`,
  runbook: {
    meaning: "Prometheus cannot scrape Alertmanager.",
    impact:
      "Nobody is told of anything. The Watchdog stops at its receiver, which is how you learn of this.",
    diagnosis: [
      "`docker logs --tail 50 <alertmanager>`: a configuration that it refuses, or no memory.",
    ],
    mitigation: ["`docker restart <alertmanager>`, or `./fleet up`."],
  },
  tests: (_t, { forSeconds }) => {
    const series = (value: number, labels: object) => ({
      [select("up", labels)]: steady(value, forSeconds + long),
    });
    return together(
      level({
        forSeconds,
        bad: series(0, alertmanager),
        good: series(1, alertmanager),
        goodIs: "it answers",
        firing: { labels: alertmanager },
      }),
      {
        quiet: [
          { name: "another part", series: series(0, prometheus), atSeconds: forSeconds + 600 },
        ],
      },
    );
  },
});

const notificationsFailing = defineAlert({
  name: "AlertmanagerNotificationsFailing",
  group: "monitoring",
  severity: "critical",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.01, min: 0.0001, what: "Share of notifications that fail." },
    minimum: {
      unit: "count",
      default: 1,
      min: 0.1,
      what: "Notifications within 15 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const of = (f: string, name: "notifications_failed" | "notifications") =>
      `sum by (service, component, integration) (${f}(${select(`alertmanager_${name}_total`)}[15m]))`;
    return `${of("rate", "notifications_failed")} / ${of("rate", "notifications")} > ${t.ratio} and ${of("increase", "notifications")} >= ${t.minimum}`;
  },
  summary: "Alerts do not get through by {{ $labels.integration }}",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the notifications by {{ $labels.integration }} fail; up to ${showThreshold("ratio", t.ratio)} may.`,
  runbook: {
    meaning: "The receiver refuses, does not answer, or its address or key is wrong.",
    impact: "Whoever is told by this way only is not told.",
    diagnosis: [
      "`alertmanager_notifications_failed_total` by `reason`: clientError is a wrong address or key, serverError is the other side.",
      "`docker logs <alertmanager> | grep -i notify`.",
    ],
    mitigation: [
      "Set the receiver's secret again and run `./fleet up`.",
      "Use another receiver until the other side is back.",
    ],
  },
  causes: [{ alert: "AlertmanagerDown", scope: "fleet" }],
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 900,
      threshold: t.ratio,
      minimumCalls: t.minimum,
      series: (phases) => {
        const labels = { ...alertmanager, integration: "webhook" } as const;
        const { total, bad } = countedCalls(phases);
        return {
          [select("alertmanager_notifications_total", labels)]: total,
          [select("alertmanager_notifications_failed_total", { ...labels, reason: "serverError" })]:
            bad,
        };
      },
      firing: (value) => ({ labels: { ...alertmanager, integration: "webhook" }, value }),
    }),
});

const invalidAlerts = counted({
  name: "AlertmanagerInvalidAlerts",
  severity: "warning",
  minutes: 30,
  threshold: 0,
  what: "Alerts that made no sense within 30 minutes.",
  counters: ["alertmanager_alerts_invalid_total"],
  labels: alertmanager,
  summary: "Alertmanager refuses alerts",
  happened: "Alertmanager received alerts that it could not read",
  runbook: {
    meaning: "Somebody sends alerts with bad labels or times. Prometheus does not.",
    impact: "These alerts are lost.",
    diagnosis: ["`docker logs <alertmanager>` names the fault."],
    mitigation: ["Correct the sender."],
  },
});

export const monitoringAlerts: readonly Alert[] = [
  watchdog,
  targetDown,
  reloadFailed(
    "PrometheusConfigReloadFailed",
    "prometheus_config_last_reload_successful",
    "Prometheus",
    prometheus,
  ),
  notIngesting,
  notConnected,
  sendFailing,
  ...prometheusCounted,
  alertmanagerDown,
  reloadFailed(
    "AlertmanagerConfigReloadFailed",
    "alertmanager_config_last_reload_successful",
    "Alertmanager",
    alertmanager,
  ),
  notificationsFailing,
  invalidAlerts,
];
