import { select } from "../metrics/select.ts";
import { evaluationAt, level, steady, stepSeconds, tailSeconds } from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { prometheus } from "./monitoring-kinds.ts";
import { showThreshold } from "./threshold.ts";

/** Three missed scrapes are an outage; what is older than 5 minutes Prometheus does not see at all. */
function freshSeconds(scrapeIntervalSeconds: number): number {
  return Math.min(Math.max(60, 3 * scrapeIntervalSeconds), 300);
}

/**
 * Fires as long as Prometheus takes in samples, and so proves the way to the receiver; whoever waits for it notices
 * when it stops. `vector(1)` would go on firing while Prometheus no longer scrapes anything.
 */
export const watchdog = defineAlert({
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

export const targetDown = defineAlert({
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
          steady(index < down ? 0 : 1, forSeconds + tailSeconds),
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
