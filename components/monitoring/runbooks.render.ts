import { alertGroups, type AlertGroup } from "./alerts/alert-rule.ts";
import { enabledAlerts, severityOf, type AlertChanges } from "./alerts/catalogue.ts";
import { readAlerts } from "./alerts/settings.ts";
import type { Alert } from "./alerts/define-alert.ts";
import { showThreshold } from "./alerts/threshold.ts";
import { selectedSeries } from "./metrics/check-promql.ts";
import { metrics, series } from "./metrics.ts";
import { ruledAlerts, type RulesInput } from "./rule-files.render.ts";
import type { PlainAlert } from "./rules.render.ts";

const titles: Readonly<Record<AlertGroup, string>> = {
  servers: "MCP servers",
  "slo-availability": "What is promised: availability",
  "slo-latency": "What is promised: latency",
  gateway: "Gateway",
  database: "PostgreSQL and PgBouncer",
  monitoring: "Prometheus and Alertmanager",
};

const header = "<!-- Generated from the alert's definition. Changes by hand are overwritten. -->";

/** A page for each alert that the rules have, and a list of all, file name -> content; the alerts link to them. */
export function renderRunbooks(input: RulesInput): Record<string, string> {
  const { alerts: settings, slo } = input.spec;
  const { changes } = readAlerts(settings);
  const rules = new Map(ruledAlerts(input).map((rule) => [rule.name, rule]));
  const alerts = enabledAlerts(slo, changes).filter(({ name }) => rules.has(name));
  return {
    "README.md": list(alerts, changes),
    ...Object.fromEntries(
      alerts.map((alert) => [
        `${alert.name}.md`,
        page(alert, rules.get(alert.name)!, alerts, changes),
      ]),
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
  rule: PlainAlert,
  alerts: readonly Alert[],
  changes: AlertChanges,
): string {
  const values = alert.values(changes[alert.name]);
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
