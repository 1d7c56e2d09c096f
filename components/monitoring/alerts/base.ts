import type { AlertRule } from "./alert-rule.ts";

export interface BaseAlertSettings {
  readonly scrapeIntervalSeconds: number;
}

/**
 * Alerts that every fleet has, whatever it serves: is a part gone, and would anybody be told. Figures: writing-servers
 * guide, section 7.
 */
export function baseAlerts(settings: BaseAlertSettings): readonly AlertRule[] {
  return [watchdog(settings), serviceDown];
}

/**
 * Fires as long as Prometheus takes in samples, and so proves the way to the receiver; whoever waits for it notices
 * when it stops. `vector(1)` would go on firing while Prometheus no longer scrapes anything.
 */
function watchdog({ scrapeIntervalSeconds }: BaseAlertSettings): AlertRule {
  // Three missed scrapes are an outage; below a minute it would only tell of a busy machine, and what is older than
  // 5 minutes Prometheus does not see at all.
  const freshSeconds = Math.min(Math.max(60, 3 * scrapeIntervalSeconds), 300);
  const series = 'up{job="prometheus", service="prometheus", component="monitoring"}';
  return {
    name: "Watchdog",
    expr: `time() - max(timestamp(up)) < ${freshSeconds}`,
    forSeconds: 0,
    labels: { severity: "none", service: "prometheus", component: "monitoring" },
    annotations: {
      summary: "Alerting works",
      description:
        "Fires all the time. When it stops, Prometheus takes in no samples, or the way from it to the receiver is broken.",
    },
    tests: {
      fires: [
        { name: "fresh samples", series: { [series]: "1x40" }, atSeconds: 600, firing: [{}] },
        {
          name: "a part is down, yet samples are fresh",
          series: { [series]: "0x40" },
          atSeconds: 600,
          firing: [{}],
        },
        {
          name: "the last sample is only just fresh",
          series: { [series]: "1x20 _x1000" },
          atSeconds: 300 + freshSeconds - 15,
          firing: [{}],
        },
      ],
      quiet: [
        {
          name: "no sample for longer than is fresh",
          series: { [series]: "1x20 _x1000" },
          atSeconds: 300 + freshSeconds,
        },
        { name: "no samples at all", series: {}, atSeconds: 600 },
      ],
    },
  };
}

/** By service, not by target: while a release replaces a server, one of the two answering is enough. */
const serviceDown: AlertRule = {
  name: "ServiceDown",
  expr: "max by (service, component) (up) == 0",
  forSeconds: 120,
  labels: { severity: "critical" },
  annotations: {
    summary: "{{ $labels.service }} is down",
    description:
      "Prometheus could not scrape any instance of {{ $labels.service }} ({{ $labels.component }}) for 2 minutes. " +
      "Look at its container's state and last log lines.",
  },
  tests: {
    fires: [
      {
        name: "down for 2 minutes",
        series: {
          'up{job="scene", instance="a:9464", service="scene", component="mcp-server"}': "1x3 0x20",
          'up{job="review", instance="b:9464", service="review", component="mcp-server"}': "1x30",
        },
        atSeconds: 60 + 120,
        firing: [{ service: "scene", component: "mcp-server" }],
      },
    ],
    quiet: [
      {
        name: "down for less than 2 minutes",
        series: {
          'up{job="scene", instance="a:9464", service="scene", component="mcp-server"}': "1x3 0x20",
        },
        atSeconds: 60 + 105,
      },
      {
        name: "a release: the new instance answers, the old one is gone",
        series: {
          'up{job="scene", instance="a:9464", service="scene", component="mcp-server"}': "0x40",
          'up{job="scene", instance="b:9464", service="scene", component="mcp-server"}': "1x40",
        },
        atSeconds: 600,
      },
      {
        name: "a restart in between",
        series: {
          'up{job="scene", instance="a:9464", service="scene", component="mcp-server"}':
            "0x5 1 0x5",
        },
        atSeconds: 165,
      },
    ],
  },
};
