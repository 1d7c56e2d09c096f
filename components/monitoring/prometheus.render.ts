import { createHash } from "node:crypto";
import { alertGroups, type RecordingRule } from "./alerts/alert-rule.ts";
import { fleetAlerts } from "./alerts/catalogue.ts";
import { alertSettings } from "./alerts/fleet-settings.ts";
import { recordingRules } from "./alerts/recording.ts";
import { sloRecordings } from "./alerts/slo.ts";
import { discoveredTargets } from "./discovery.render.ts";
import type { Relabelling } from "../platform/platform.ts";
import { withAbsence } from "./alerts/absence.ts";
import { ownMonitoringAlerts } from "./alerts/monitoring.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import {
  promDuration,
  renderAlertTests,
  renderRecordingTests,
  renderRules,
  type PlainAlert,
  yamlFile,
} from "./rules.render.ts";
import type { ScrapeTarget } from "./scrape-target.ts";

/** Ports inside the containers; those of the host are the fleet file's. */
export const prometheusPort = 9090;
export const alertmanagerPort = 9093;

export interface PrometheusInput {
  /** Label on every alert that leaves this Prometheus. */
  readonly fleet: string;
  /** Label on every alert that leaves this Prometheus. */
  readonly environment: string;
  readonly spec: MonitoringSpec;
  /** Everything but Prometheus and Alertmanager, which are always scraped. */
  readonly targets: readonly ScrapeTarget[];
  /** Host name of Alertmanager. */
  readonly alertmanager: string;
}

/** Ends the name of a file of rules. */
const rulesSuffix = ".rules.yml";
/** Tells which configuration Prometheus runs. */
export const versionFile = `version${rulesSuffix}`;

/**
 * Bounds of one scrape. A part that exceeds them is shown as down instead of filling the memory of Prometheus; the
 * largest, a gateway with a hundred routes, stays below a tenth.
 */
const limits = {
  sample_limit: 50_000,
  body_size_limit: "16MB",
  label_limit: 40,
  label_name_length_limit: 128,
  label_value_length_limit: 1024,
};

/**
 * Everything that Prometheus reads, file name -> content. Rule files lie beside `prometheus.yml` and are named relative
 * to it, so a version can be judged in any directory. The order of `targets` is irrelevant.
 *
 * @throws Error naming every job that occurs more than once.
 */
export function renderPrometheus(input: PrometheusInput): Record<string, string> {
  const files = { ...renderRuleFiles(input), "prometheus.yml": yamlFile(prometheusConfig(input)) };
  return { ...files, [versionFile]: versionRules(files) };
}

/** Unit tests of the rule files, for `promtool test rules`; to lie beside them. */
export function renderPrometheusTests(input: RulesInput): Record<string, string> {
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

/** What rules are made from: where a target is, none of them says. */
interface RulesInput {
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

function ruledAlerts({ spec, targets, elsewhere = false }: RulesInput): readonly PlainAlert[] {
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

const monitoringLabels = (service: string) => ({ service, component: "monitoring" as const });

function prometheusConfig(input: PrometheusInput) {
  const { fleet, environment, targets, alertmanager } = input;
  const spec = input.spec.prometheus;
  const jobs: ScrapeTarget[] = [
    ...targets,
    {
      job: "alertmanager",
      servedBy: "alertmanager",
      address: alertmanager,
      port: alertmanagerPort,
      labels: monitoringLabels("alertmanager"),
    },
    {
      job: "prometheus",
      servedBy: "prometheus",
      address: "127.0.0.1",
      port: prometheusPort,
      labels: monitoringLabels("prometheus"),
    },
  ];
  refuseDuplicates(jobs);
  const { pace, bounds } = scrapeSettings(spec);
  return {
    global: {
      ...pace,
      evaluation_interval: promDuration(spec.evaluationIntervalSeconds),
      external_labels: { fleet, environment },
      ...bounds,
    },
    rule_files: [...alertGroups, "recording", "version"]
      .map((name) => `${name}${rulesSuffix}`)
      .sort(),
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`${alertmanager}:${alertmanagerPort}`] }] }],
    },
    scrape_configs: jobs.sort((a, b) => (a.job < b.job ? -1 : 1)).map(scrapeConfig),
  };
}

/** How every target is scraped. */
export function scrapeSettings({
  scrapeIntervalSeconds,
  scrapeTimeoutSeconds,
}: MonitoringSpec["prometheus"]) {
  return {
    pace: {
      scrape_interval: promDuration(scrapeIntervalSeconds),
      // Prometheus refuses a timeout above the interval: a shorter interval shortens both.
      scrape_timeout: promDuration(Math.min(scrapeTimeoutSeconds, scrapeIntervalSeconds)),
    },
    bounds: limits,
  };
}

function scrapeConfig(target: ScrapeTarget) {
  const { job, address, port, labels } = target;
  const relabelled = metricRelabellings(target);
  return {
    job_name: job,
    ...(typeof address === "string"
      ? { static_configs: [{ targets: [`${address}:${port}`], labels: { ...labels } }] }
      : discoveredTargets({ ...target, address })),
    ...(relabelled.length > 0 && { metric_relabel_configs: relabelled }),
  };
}

/** Our servers name themselves on every series: the same name twice says nothing. Any other claim stays visible. */
export function metricRelabellings({ labels }: Pick<ScrapeTarget, "labels">): Relabelling[] {
  if (labels.component !== "mcp-server") return [];
  return [
    {
      source_labels: ["exported_service"],
      regex: labels.service,
      target_label: "exported_service",
      replacement: "",
    },
  ];
}

function refuseDuplicates(jobs: readonly ScrapeTarget[]): void {
  const names = jobs.map(({ job }) => job);
  const twice = [...new Set(names.filter((job, index) => names.indexOf(job) !== index))].sort();
  if (twice.length > 0) {
    throw new Error(
      `monitoring: job names must be unique, but several targets are named ${twice.join(", ")}; rename the servers`,
    );
  }
}

/**
 * A rule group that carries the hash of all other files. Prometheus has no metric that tells which configuration it
 * runs; the loaded rules do, and `fleet:config_version:info` tells it of any moment in the past.
 */
function versionRules(files: Readonly<Record<string, string>>): string {
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
