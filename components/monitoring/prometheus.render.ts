import { alertGroups } from "./alerts/alert-rule.ts";
import { discoveredTargets } from "./discovery.render.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import {
  monitoringLabels,
  renderRuleFiles,
  rulesSuffix,
  versionFile,
  versionRules,
} from "./rule-files.render.ts";
import { promDuration, yamlFile } from "./rules.render.ts";
import { metricRelabellings, scrapeSettings } from "./scrape-settings.ts";
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

function refuseDuplicates(jobs: readonly ScrapeTarget[]): void {
  const names = jobs.map(({ job }) => job);
  const twice = [...new Set(names.filter((job, index) => names.indexOf(job) !== index))].sort();
  if (twice.length > 0) {
    throw new Error(
      `monitoring: job names must be unique, but several targets are named ${twice.join(", ")}; rename the servers`,
    );
  }
}
