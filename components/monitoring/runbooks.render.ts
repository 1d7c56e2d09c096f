import { alertGroups, type AlertGroup } from "./alerts/alert-rule.ts";
import { enabledAlerts, severityOf, type AlertChanges } from "./alerts/catalogue.ts";
import { ownMonitoringAlerts } from "./alerts/monitoring.ts";
import { readAlerts } from "./alerts/settings.ts";
import type { Alert } from "./alerts/define-alert.ts";
import { showThreshold } from "./alerts/threshold.ts";
import { selectedSeries } from "./metrics/check-promql.ts";
import { metrics, series } from "./metrics.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";

const titles: Readonly<Record<AlertGroup, string>> = {
  servers: "MCP servers",
  "slo-availability": "What is promised: availability",
  "slo-latency": "What is promised: latency",
  gateway: "Gateway",
  database: "PostgreSQL and PgBouncer",
  monitoring: "Prometheus and Alertmanager",
};

const header = "<!-- Generated from the alert's definition. Changes by hand are overwritten. -->";

/**
 * A page for each alert and a list of all, file name -> content; the alerts link to them.
 *
 * @param elsewhere whether a Prometheus of somebody else serves: there are no alerts about ours then.
 */
export function renderRunbooks(spec: MonitoringSpec, elsewhere = false): Record<string, string> {
  const { changes } = readAlerts(spec.alerts);
  const alerts = enabledAlerts(spec.slo, changes).filter(
    (alert) => !(elsewhere && ownMonitoringAlerts.includes(alert)),
  );
  return {
    "README.md": list(alerts, changes),
    ...Object.fromEntries(
      alerts.map((alert) => [`${alert.name}.md`, page(alert, alerts, spec, changes)]),
    ),
  };
}

function list(alerts: readonly Alert[], changes: AlertChanges): string {
  const parts = alertGroups.flatMap((group) => {
    const rows = alerts
      .filter((alert) => alert.group === group)
      .map(
        (alert) =>
          `| [${alert.name}](${alert.name}.md) | ${severityOf(alert, changes)} | ${plain(alert.summary)} |`,
      );
    return rows.length === 0
      ? []
      : [
          `## ${titles[group]}`,
          ["| Alert | Severity | Says |", "| --- | --- | --- |", ...rows].join("\n"),
        ];
  });
  return `${header}\n\n# Runbooks\n\n${parts.join("\n\n")}\n`;
}

function page(
  alert: Alert,
  alerts: readonly Alert[],
  spec: MonitoringSpec,
  changes: AlertChanges,
): string {
  const change = changes[alert.name];
  const rule = alert.rule(
    {
      runbooks: spec.runbooks,
      scrapeIntervalSeconds: spec.prometheus.scrapeIntervalSeconds,
    },
    change,
  );
  const values = alert.values(change);
  const { meaning, impact, diagnosis, mitigation } = alert.runbook;
  const links = (names: readonly string[]) =>
    names
      .filter((name) => alerts.some((other) => other.name === name))
      .map((name) => `[${name}](${name}.md)`)
      .join(", ");
  const causes = links(alert.causes.map((cause) => cause.alert));
  const worse = alert.worse === undefined ? "" : links([alert.worse]);
  const milder = links(alerts.filter(({ worse }) => worse === alert.name).map(({ name }) => name));
  const facts = [
    `| Severity | ${rule.labels.severity} |`,
    `| Fires after | ${rule.forSeconds === 0 ? "at once" : showThreshold("seconds", rule.forSeconds)} |`,
    ...Object.entries(alert.thresholds).map(
      ([key, { unit, what }]) => `| \`${key}\` | ${showThreshold(unit, values[key]!)}. ${what} |`,
    ),
    ...(causes === "" ? [] : [`| Muted by | ${causes} |`]),
    ...(worse === "" ? [] : [`| Gets worse as | ${worse} |`]),
    ...(milder === "" ? [] : [`| Begins as | ${milder} |`]),
  ];
  const numbers =
    Object.keys(alert.thresholds).length === 0
      ? ""
      : `\n\nThe numbers are \`monitoring.alerts.${alert.name}\` of the fleet file.`;
  return (
    [
      header,
      `# ${alert.name}`,
      plain(alert.summary),
      ["| | |", "| --- | --- |", ...facts].join("\n") + numbers,
      `## Meaning\n\n${meaning}`,
      `## Impact\n\n${impact}`,
      `## Diagnosis\n\n${steps(diagnosis)}`,
      `## Mitigation\n\n${steps(mitigation)}`,
      `## Expression\n\n\`\`\`promql\n${rule.expr}\n\`\`\``,
      `It reads:\n\n${readMetrics(rule.expr)}`,
    ].join("\n\n") + "\n"
  );
}

const steps = (all: readonly string[]) =>
  all.map((step, index) => `${index + 1}. ${step}`).join("\n");

/** A text without the places that Prometheus fills in. */
function plain(text: string): string {
  return text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, "<$1>");
}

function readMetrics(expr: string): string {
  return selectedSeries(expr)
    .map((name) => {
      const metric = series.get(name)?.metric ?? metrics[name];
      return `- \`${name}\`: ${metric?.help ?? ""}`;
    })
    .join("\n");
}
