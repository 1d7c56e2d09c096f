import * as autoscaling from "@pulumi/kubernetes/autoscaling/v2/index.js";
import type * as apps from "@pulumi/kubernetes/apps/v1/index.js";
import * as networking from "@pulumi/kubernetes/networking/v1/index.js";
import * as policy from "@pulumi/kubernetes/policy/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { WorkloadArgs } from "../platform.ts";
import type { Named, Scope } from "./named.ts";
import { notAwaited } from "./awaiting.ts";

/** What keeps copies there and makes more of them; and the way in for clients. */
export function scaling(
  scope: Scope,
  name: string,
  args: WorkloadArgs,
  {
    named,
    set,
    replicas,
    most,
  }: {
    readonly named: Named;
    readonly set: apps.StatefulSet | apps.Deployment;
    readonly replicas: number;
    /** Copies that an autoscaler may make of it. */
    readonly most: number;
  },
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<unknown> {
  const { autoscaling: scaled, gateway } = scope.settings;
  const metadata = { name: named.name, namespace: scope.namespace, labels: named.labels };
  const made: pulumi.Output<string>[] = [];
  if (replicas > 1) {
    const budget = new policy.PodDisruptionBudget(
      name,
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: named.selector } } },
      opts,
    );
    made.push(budget.id);
  }
  if (scaled && most > replicas) {
    const scaler = new autoscaling.HorizontalPodAutoscaler(
      name,
      {
        metadata: { ...metadata, annotations: notAwaited },
        spec: {
          minReplicas: replicas,
          maxReplicas: most,
          scaleTargetRef: {
            apiVersion: "apps/v1",
            kind: "StatefulSet",
            name: set.metadata.name,
          },
          metrics: [
            {
              type: "Resource",
              resource: {
                name: "cpu",
                target: { type: "Utilization", averageUtilization: scaled.cpuPercent },
              },
            },
          ],
        },
      },
      opts,
    );
    made.push(scaler.id);
  }
  const [port] = args.publish ?? [];
  if (args.audience === "clients" && gateway.ingress && port) {
    const { host, className, tlsSecret, annotations } = gateway.ingress;
    const backend = { service: { name: named.name, port: { number: port.port } } };
    const ingress = new networking.Ingress(
      name,
      {
        metadata: { ...metadata, annotations: { ...notAwaited, ...annotations } },
        spec: {
          ...(className && { ingressClassName: className }),
          ...(tlsSecret && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
          rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
        },
      },
      opts,
    );
    made.push(ingress.id);
  }
  return pulumi.all(made);
}
