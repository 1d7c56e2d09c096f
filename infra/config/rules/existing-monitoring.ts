import { isDeepStrictEqual } from "node:util";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import type { Finding } from "../problems.ts";
import { show } from "../redact.ts";
import type { RuleInput } from "./input.ts";

/** What remains a setting of the fleet where Prometheus is somebody else's: the monitors and the rules have it. */
const shared: readonly string[] = [
  "scrapeIntervalSeconds",
  "scrapeTimeoutSeconds",
  "evaluationIntervalSeconds",
];
const setting = "mcp-fleet:kubernetes.monitoring.existing";

/** Settings of a Prometheus, an Alertmanager and a Grafana that a fleet does not have. */
export function existingMonitoringRules({
  spec: { monitoring },
  existingMonitoring = false,
}: RuleInput): readonly Finding[] {
  if (!existingMonitoring) return [];
  const defaults = monitoringSchema.parse({});
  const { receivers } = monitoring.alertmanager;
  const untold: Finding[] =
    receivers.length === 0
      ? []
      : [
          {
            at: ["monitoring", "alertmanager", "receivers"],
            got: receivers.map(({ kind, name }) => `${kind} ${name}`).join(", "),
            allowed: `they would never be told: with ${setting} there is no Alertmanager of the fleet`,
            fix: "have the cluster's Alertmanager tell them, and set [] here",
          },
        ];
  // A fleet file that spells out what is the default anyway can be that of stacks with and without monitoring of ours.
  const own = (["prometheus", "alertmanager", "grafana"] as const).flatMap((part) =>
    Object.entries(monitoring[part])
      .filter(([name]) => name !== "receivers" && !(part === "prometheus" && shared.includes(name)))
      // Ports are those of one machine, and no matter of a cluster anyway.
      .filter(([name]) => name !== "port" && !(part === "grafana" && name === "enabled"))
      .filter(
        ([name, value]) =>
          !isDeepStrictEqual(value, (defaults[part] as Record<string, unknown>)[name]),
      )
      .map(([name, value]): Finding => ({
        at: ["monitoring", part, name],
        got: show(value, [name]),
        allowed: `a setting of our own ${part}, and ${setting} names another one`,
        fix: "set it there, and remove it here",
      })),
  );
  const { enabled } = monitoring.grafana;
  const grafana: Finding[] =
    enabled === "yes"
      ? [
          {
            at: ["monitoring", "grafana", "enabled"],
            got: '"yes"',
            allowed: `auto or no: with ${setting} the fleet has no Grafana`,
            fix: "set kubernetes.monitoring.dashboards to give the dashboards to the cluster's",
          },
        ]
      : [];
  return [...untold, ...own, ...grafana];
}
