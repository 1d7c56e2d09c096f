import type { Step } from "./relabelled.ts";

/** What the fleet says of a PodMonitor; the schema of its kind refuses anything else by name. */
export interface PodMonitor {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly podMetricsEndpoints: readonly Endpoint[];
    readonly [limit: string]: unknown;
  };
}

interface Endpoint {
  readonly interval: string;
  readonly scrapeTimeout: string;
  readonly relabelings: readonly Relabeling[];
  readonly metricRelabelings?: readonly Relabeling[];
}

interface Relabeling {
  readonly sourceLabels?: readonly string[];
  readonly regex?: string;
  readonly action?: string;
  readonly targetLabel?: string;
  readonly replacement?: string;
}

/** A scrape job, as Prometheus reads it. */
export interface OperatorJob {
  readonly job_name: string;
  readonly kubernetes_sd_configs: readonly object[];
  readonly relabel_configs: readonly Step[];
  readonly metric_relabel_configs?: readonly Step[];
  readonly [setting: string]: unknown;
}

/**
 * The scrape job that the Prometheus operator makes of a PodMonitor, by `generatePodMonitorConfig` of its version 0.85;
 * the suite `kubernetes` has the operator's own code judge it.
 */
export function operatorJob({ metadata: { name, namespace }, spec }: PodMonitor): OperatorJob {
  const { selector, podMetricsEndpoints, ...limits } = spec;
  const [endpoint, ...more] = podMetricsEndpoints;
  if (endpoint === undefined || more.length > 0) throw new Error(`${name}: not one endpoint`);
  const { interval, scrapeTimeout, relabelings, metricRelabelings = [], ...rest } = endpoint;
  if (Object.keys(rest).length > 0) throw new Error(`${name}: ${Object.keys(rest).join(", ")}`);
  return {
    job_name: `podMonitor/${namespace}/${name}/0`,
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
    ...{ scrape_interval: interval, scrape_timeout: scrapeTimeout },
    ...Object.fromEntries(Object.entries(limits).map(([key, value]) => [snake(key), value])),
    relabel_configs: [
      { source_labels: ["job"], target_label: "__tmp_prometheus_job_name" },
      { source_labels: [meta("phase")], regex: "(Failed|Succeeded)", action: "drop" },
      ...Object.entries(selector.matchLabels)
        .sort()
        .map(([label, value]) => ({
          action: "keep",
          source_labels: ["label", "labelpresent"].map((kind) =>
            meta(`${kind}_${label.replaceAll(/[^A-Za-z0-9_]/g, "_")}`),
          ),
          regex: `(${value});true`,
        })),
      { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
      { source_labels: [meta("container_name")], target_label: "container" },
      { source_labels: [meta("name")], target_label: "pod" },
      { target_label: "job", replacement: `${namespace}/${name}` },
      ...relabelings.map(stepOf),
    ],
    ...(metricRelabelings.length > 0 && {
      metric_relabel_configs: metricRelabelings.map(stepOf),
    }),
  };
}

function stepOf(relabeling: Relabeling): Step {
  return Object.fromEntries(
    Object.entries(relabeling).map(([key, value]) => [snake(key), value as unknown]),
  );
}

function snake(word: string): string {
  return word.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function meta(label: string): string {
  return `__meta_kubernetes_pod_${label}`;
}
