import { createHash } from "node:crypto";
import { withAbsence } from "./alerts/absence.ts";
import { alertGroups, type RecordingRule } from "./alerts/alert-rule.ts";
import { fleetAlerts } from "./alerts/catalogue.ts";
import { alertSettings } from "./alerts/fleet-settings.ts";
import { ownMonitoringAlerts } from "./alerts/monitoring.ts";
import { recordingRules } from "./alerts/recording.ts";
import { sloRecordings } from "./alerts/slo.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import {
  renderAlertTests,
  renderRecordingTests,
  renderRules,
  type PlainAlert,
} from "./rules.render.ts";
import { metricRelabellings, scrapeSettings } from "./scrape-settings.ts";
import type { ScrapeTarget } from "./scrape-target.ts";

/** Ends the name of a file of rules. */
export const rulesSuffix = ".rules.yml";
/** Tells which configuration Prometheus runs. */
export const versionFile = `version${rulesSuffix}`;

/** What rules are made from: where a target is, none of them says. */
export interface RulesInput {
  readonly spec: MonitoringSpec;
  readonly targets: readonly ScrapeTarget<unknown>[];
  /**
   * Whether somebody else's Prometheus has them in place of ours. Then there is nothing to say of ours, and a part that
   * has no target at all, where ours would have one that is down, is down as well.
   *
   * @default false
   */
  readonly elsewhere?: boolean;
}

/** The rules but for the version of it all, file name -> content. */
export function renderRuleFiles(input: RulesInput): Record<string, string> {
  const alerts = ruledAlerts(input);
  const groups = alertGroups.map((group) => [
    `${group}${rulesSuffix}`,
    renderRules(
      group,
      group === "slo-availability" || group === "slo-latency"
        ? sloRecordings(group === "slo-latency" ? "latency" : "availability", input.spec.slo)
        : [],
      alerts.filter((alert) => alert.group === group),
    ),
  ]);
  return {
    ...(Object.fromEntries(groups) as Record<string, string>),
    [`recording${rulesSuffix}`]: renderRules("recording", recordings(input), []),
  };
}

/** The rules for a Prometheus of somebody else that serves in place of ours, file name -> content. */
export function renderRulesElsewhere(
  input: Pick<RulesInput, "spec" | "targets">,
): Record<string, string> {
  const files = renderRuleFiles({ ...input, elsewhere: true });
  const jobs = input.targets
    .map((target) => {
      const { job, port, labels } = target;
      return { job, port, labels, metricRelabellings: metricRelabellings(target) };
    })
    .sort((a, b) => (a.job < b.job ? -1 : 1));
  const scraped = JSON.stringify([scrapeSettings(input.spec.prometheus), jobs]);
  return { ...files, [versionFile]: versionRules({ ...files, scraped }) };
}

const alertsOf = (spec: MonitoringSpec) => fleetAlerts(alertSettings(spec));

/** The alerts of a fleet, as the Prometheus that serves it has them. */
export function ruledAlerts({
  spec,
  targets,
  elsewhere = false,
}: RulesInput): readonly PlainAlert[] {
  const alerts = alertsOf(spec);
  if (!elsewhere) return alerts;
  const ours = new Set(ownMonitoringAlerts.map(({ name }) => name));
  return alerts.filter(({ name }) => !ours.has(name)).map((rule) => withAbsence(rule, targets));
}

function recordings({ spec, targets, elsewhere = false }: RulesInput) {
  return [...recordingRules, ...memoryLimits(spec, targets, elsewhere)];
}

/** Limits from the fleet file, as series: what a process uses is compared with them. */
function memoryLimits(
  spec: MonitoringSpec,
  targets: RulesInput["targets"],
  elsewhere: boolean,
): RecordingRule[] {
  const own: Readonly<Record<string, number>> = {
    postgres: spec.postgresExporter.memoryMb,
    pgbouncer: spec.pgbouncerExporter.memoryMb,
  };
  const parts = [
    ...targets.map(({ labels: { service, component }, memoryMb }) => ({
      labels: { service, component },
      memoryMb: memoryMb ?? own[service],
    })),
    ...(["alertmanager", "prometheus"] as const)
      .filter(() => !elsewhere)
      .map((name) => ({ labels: monitoringLabels(name), memoryMb: spec[name].memoryMb })),
  ];
  return parts
    .sort((a, b) => (a.labels.service < b.labels.service ? -1 : 1))
    .flatMap(({ labels, memoryMb }): RecordingRule[] => {
      if (memoryMb === undefined) return [];
      const bytes = memoryMb * 1_048_576;
      const { service, component } = labels;
      return [
        {
          record: "service:memory_limit:bytes",
          expr: `vector(${bytes})`,
          labels,
          tests: [
            {
              name: service,
              series: {},
              atSeconds: 60,
              expected: { [`{service="${service}", component="${component}"}`]: bytes },
            },
          ],
        },
      ];
    });
}

/** Labels of Prometheus and Alertmanager themselves. */
export const monitoringLabels = (service: string) => ({
  service,
  component: "monitoring" as const,
});

/** Unit tests of the rule files, for `promtool test rules`; to lie beside them. */
export function renderRuleTests(input: RulesInput): Record<string, string> {
  const alerts = alertsOf(input.spec);
  const tests = alertGroups.flatMap((group) =>
    Object.entries(
      renderAlertTests(
        group,
        alerts.filter((alert) => alert.group === group),
      ),
    ),
  );
  return {
    ...Object.fromEntries(tests),
    "recording.rules.test.yml": renderRecordingTests(`recording${rulesSuffix}`, recordings(input)),
  };
}

/**
 * A rule group that carries the hash of all other files. Prometheus has no metric that tells which configuration it
 * runs; the loaded rules do, and `fleet:config_version:info` tells it of any moment in the past.
 */
export function versionRules(files: Readonly<Record<string, string>>): string {
  const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
  return renderRules(
    "version",
    [
      {
        record: "fleet:config_version:info",
        expr: "vector(1)",
        // The letter keeps it text in YAML, whatever the digits.
        labels: { version: `v-${version}` },
      },
    ],
    [],
  );
}
