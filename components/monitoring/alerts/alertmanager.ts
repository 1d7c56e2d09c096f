import { select } from "../metrics/select.ts";
import { byService } from "./by-service.ts";
import { stateCases } from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { alertmanager, counted, prometheus } from "./monitoring-kinds.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

export const alertmanagerDown = defineAlert({
  name: "AlertmanagerDown",
  group: "monitoring",
  severity: "critical",
  forSeconds: 120,
  thresholds: {},
  expr: () => `max ${byService} (${select("up", { service: "alertmanager" })}) == 0`,
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
  tests: (_t, { forSeconds }) =>
    stateCases({
      forSeconds,
      series: select("up", alertmanager),
      goodIs: "it answers",
      firing: { labels: alertmanager },
      others: { "another part": select("up", prometheus) },
    }),
});

export const notificationsFailing = defineAlert({
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
    const growthOf = (name: "notifications_failed" | "notifications") => (growth: Growth) =>
      `sum by (service, component, integration) (${growth}(${select(`alertmanager_${name}_total`)}[15m]))`;
    const [part, whole] = [growthOf("notifications_failed"), growthOf("notifications")];
    return shareJudged({ ...t, part, whole, is: ">" });
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

export const invalidAlerts = counted({
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
