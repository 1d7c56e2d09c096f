import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { ChildOptions, NeighbourPrometheus, Neighbours } from "../platform.ts";
import { revisionOf } from "../revision.ts";
import type { ExistingMonitoring, KubernetesSettings } from "./kubernetes.schema.ts";
import { seriesOf, serviceHost, type Zone } from "./names.ts";
import { podMonitorSpec } from "./pod-monitor.ts";

/** The objects of the Prometheus operator. */
const operatorVersion = "monitoring.coreos.com/v1";

/** What makes an object one of the stack. */
interface Owner {
  readonly namespace: pulumi.Input<string>;
  readonly zone: Zone;
  /** Of a component's pods. */
  readonly selector: (component: string) => Record<string, string>;
  readonly labels: (
    resource: string,
    component: string,
    revision: string,
  ) => Record<string, string>;
  readonly options: (opts: ChildOptions) => pulumi.CustomResourceOptions;
}

/**
 * Monitoring of the cluster: a Prometheus by its operator, a Grafana by the sidecar that brings it dashboards. Both know
 * objects by their names, so these stay, and their content changes in place.
 */
export function neighboursOf(
  monitoring: KubernetesSettings["monitoring"],
  owner: Owner,
): Neighbours {
  const { existing, dashboards } = monitoring;
  const { namespace, zone, labels, options } = owner;
  const rulesLabels = labelsOfRules(monitoring);
  return {
    scope: seriesOf(zone.namespace),
    ...(existing && { prometheus: prometheusOf(existing, owner) }),
    ...(rulesLabels && {
      rules: (group, file, opts) => {
        const name = `${group}-rules`;
        return new CustomResource(
          name,
          {
            ...{ apiVersion: operatorVersion, kind: "PrometheusRule" },
            metadata: {
              ...{ name, namespace },
              labels: pulumi.output(file).apply((content) => ({
                ...rulesLabels,
                ...labels(name, "prometheus", revisionOf(content)),
              })),
            },
            spec: file,
          },
          options(opts),
        );
      },
    }),
    ...(dashboards && {
      dashboard: (file, content, opts) => {
        const name = `${file.replace(/\.json$/, "")}-dashboard`;
        return new core.ConfigMap(
          name,
          {
            metadata: {
              ...{ name, namespace },
              labels: { ...dashboards.labels, ...labels(name, "grafana", revisionOf(content)) },
              ...(Object.keys(dashboards.annotations).length > 0 && {
                annotations: dashboards.annotations,
              }),
            },
            // A sidecar puts those of all namespaces into one folder.
            data: { [`${zone.namespace}-${file}`]: content },
          },
          options(opts),
        );
      },
    }),
  };
}

/** By which an operator selects the rules; undefined: nobody asked for them. Who has labels of their own says all. */
function labelsOfRules({
  prometheusRules,
  existing,
}: KubernetesSettings["monitoring"]): Readonly<Record<string, string>> | undefined {
  const own = prometheusRules?.labels;
  return own && Object.keys(own).length > 0 ? own : (existing?.labels ?? own);
}

/** The cluster's own Prometheus, in place of one of the fleet. */
function prometheusOf(
  { prometheus: { service, namespace: place, port }, labels: selected }: ExistingMonitoring,
  { namespace, zone, selector, labels, options }: Owner,
): NeighbourPrometheus {
  const address = serviceHost(service, { ...zone, namespace: place });
  return {
    address,
    url: `http://${address}:${port}`,
    scrape: ({ found, ...job }, opts) => {
      const name = `${job.job}-monitor`;
      const spec = pulumi
        .output(found)
        .apply((known) => podMonitorSpec(selector(job.component), { ...job, found: known }));
      return new CustomResource(
        name,
        {
          ...{ apiVersion: operatorVersion, kind: "PodMonitor" },
          metadata: {
            ...{ name, namespace },
            labels: spec.apply((content) => ({
              ...selected,
              ...labels(name, "prometheus", revisionOf(content)),
            })),
          },
          spec,
        },
        options(opts),
      );
    },
  };
}
