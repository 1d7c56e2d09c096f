import { select } from "../metrics/select.ts";
import { byService } from "./by-service.ts";
import { counter, crossing, level, stateCases, tailSeconds, together } from "./cases.ts";
import { type Alert, defineAlert } from "./define-alert.ts";
import { counted, prometheus } from "./monitoring-kinds.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

export const notIngesting = defineAlert({
  name: "PrometheusNotIngesting",
  group: "monitoring",
  severity: "critical",
  forSeconds: 600,
  thresholds: {},
  expr: () =>
    `sum ${byService} (rate(${select("prometheus_tsdb_head_samples_appended_total")}[5m])) <= 0`,
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
        bad: { [name]: counter([0, forSeconds + tailSeconds]) },
        good: { [name]: counter([0.1, forSeconds + tailSeconds]) },
        goodIs: "it stores some",
        firing,
      }),
      crossing({
        forSeconds,
        windowSeconds: 300,
        start: 600,
        share: 1,
        series: { [name]: counter([10, 600], [0, forSeconds + tailSeconds]) },
        firing,
      }),
    );
  },
});

export const notConnected = defineAlert({
  name: "PrometheusNotConnectedToAlertmanager",
  group: "monitoring",
  severity: "warning",
  forSeconds: 600,
  thresholds: {},
  expr: () =>
    `max ${byService} (max_over_time(${select("prometheus_notifications_alertmanagers_discovered")}[5m])) < 1`,
  summary: "Prometheus knows no Alertmanager",
  description: () =>
    "Prometheus has nobody to send its alerts to. This one shows on its own page only.",
  runbook: {
    meaning: "The list of Alertmanagers in Prometheus's configuration is empty.",
    impact: "No alert reaches anybody; the Watchdog stops at the receiver.",
    diagnosis: ["Prometheus's status page lists the Alertmanagers that it knows."],
    mitigation: ["`./fleet up` writes the configuration again."],
  },
  tests: (_t, { forSeconds }) =>
    stateCases({
      forSeconds,
      windowSeconds: 300,
      series: select("prometheus_notifications_alertmanagers_discovered", prometheus),
      goodIs: "it knows one",
      firing: { labels: prometheus },
    }),
});

export const sendFailing = defineAlert({
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
    const growthOf = (name: "errors" | "sent") => (growth: Growth) =>
      `sum ${byService} (${growth}(${select(`prometheus_notifications_${name}_total`)}[5m]))`;
    return shareJudged({ ...t, part: growthOf("errors"), whole: growthOf("sent"), is: ">" });
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

export const prometheusCounted: readonly Alert[] = [
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
