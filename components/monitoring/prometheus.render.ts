import { createHash } from "node:crypto";
import { baseAlerts } from "./alerts/base.ts";
import { recordingRules } from "./alerts/recording.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import {
  promDuration,
  renderAlertRules,
  renderAlertTests,
  renderRecordingRules,
  renderRecordingTests,
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
  readonly spec: MonitoringSpec["prometheus"];
  /** Everything but Prometheus and Alertmanager, which are always scraped. */
  readonly targets: readonly ScrapeTarget[];
  /** Host name of Alertmanager. */
  readonly alertmanager: string;
}

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
  const files = {
    "base.rules.yml": renderAlertRules("base", baseAlerts(input.spec)),
    "prometheus.yml": yamlFile(prometheusConfig(input)),
    "recording.rules.yml": renderRecordingRules("recording", recordingRules),
  };
  return { ...files, "version.rules.yml": versionRules(files) };
}

/** Unit tests of the rule files, for `promtool test rules`; to lie beside them. */
export function renderPrometheusTests(
  input: Pick<PrometheusInput, "spec">,
): Record<string, string> {
  return {
    "base.rules.test.yml": renderAlertTests("base.rules.yml", baseAlerts(input.spec)),
    "recording.rules.test.yml": renderRecordingTests("recording.rules.yml", recordingRules),
  };
}

function prometheusConfig({ fleet, environment, spec, targets, alertmanager }: PrometheusInput) {
  const interval = promDuration(spec.scrapeIntervalSeconds);
  const monitoring = { component: "monitoring" } as const;
  const jobs: ScrapeTarget[] = [
    ...targets,
    {
      job: "alertmanager",
      address: alertmanager,
      port: alertmanagerPort,
      labels: { service: "alertmanager", ...monitoring },
    },
    {
      job: "prometheus",
      address: "127.0.0.1",
      port: prometheusPort,
      labels: { service: "prometheus", ...monitoring },
    },
  ];
  refuseDuplicates(jobs);
  return {
    global: {
      scrape_interval: interval,
      // Prometheus refuses a timeout above the interval: a shorter interval shortens both.
      scrape_timeout: promDuration(Math.min(spec.scrapeTimeoutSeconds, spec.scrapeIntervalSeconds)),
      evaluation_interval: promDuration(spec.evaluationIntervalSeconds),
      external_labels: { fleet, environment },
      ...limits,
    },
    rule_files: ["base.rules.yml", "recording.rules.yml", "version.rules.yml"],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`${alertmanager}:${alertmanagerPort}`] }] }],
    },
    scrape_configs: jobs.sort((a, b) => (a.job < b.job ? -1 : 1)).map(scrapeConfig),
  };
}

function scrapeConfig({ job, address, port, labels }: ScrapeTarget) {
  return {
    job_name: job,
    static_configs: [{ targets: [`${address}:${port}`], labels: { ...labels } }],
    ...(labels.component === "mcp-server" && {
      // Our servers name themselves on every series: the same name twice says nothing. Any other claim stays visible.
      metric_relabel_configs: [
        {
          source_labels: ["exported_service"],
          regex: labels.service,
          target_label: "exported_service",
          replacement: "",
        },
      ],
    }),
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

/**
 * A rule group that carries the hash of all other files. Prometheus has no metric that tells which configuration it
 * runs; the loaded rules do, and `fleet:config_version:info` tells it of any moment in the past.
 */
function versionRules(files: Readonly<Record<string, string>>): string {
  const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 12);
  return renderRecordingRules("version", [
    {
      record: "fleet:config_version:info",
      expr: "vector(1)",
      // The letter keeps it text in YAML, whatever the digits.
      labels: { version: `v-${version}` },
    },
  ]);
}
