import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource.js";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { ChildOptions, Neighbours } from "../platform.ts";
import { revisionOf } from "../revision.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";

/** The objects of the Prometheus operator. */
const operatorVersion = "monitoring.coreos.com/v1";

/** What makes an object one of the stack. */
interface Owner {
  readonly namespace: pulumi.Input<string>;
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
  { prometheusRules, dashboards }: KubernetesSettings["monitoring"],
  scope: string,
  { namespace, labels, options }: Owner,
): Neighbours {
  return {
    // Set on every target by the operator, and by what else finds targets in the API server.
    scope: { namespace: scope },
    ...(prometheusRules && {
      rules: (group, file, opts) => {
        const name = `${group}-rules`;
        return new CustomResource(
          name,
          {
            ...{ apiVersion: operatorVersion, kind: "PrometheusRule" },
            metadata: {
              ...{ name, namespace },
              labels: pulumi.output(file).apply((content) => ({
                ...prometheusRules.labels,
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
            data: { [`${scope}-${file}`]: content },
          },
          options(opts),
        );
      },
    }),
  };
}
