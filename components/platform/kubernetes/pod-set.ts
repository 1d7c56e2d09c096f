import * as apps from "@pulumi/kubernetes/apps/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { WorkloadArgs } from "../platform.ts";
import type { Named, Scope } from "./named.ts";
import { edgeLabels, type Edges } from "./network-policy.ts";
import { podSpec, type PodArgs } from "./pod.ts";
import { awaitedByUs, notAwaited } from "./awaiting.ts";

/** A StatefulSet where pods have names of their own: with data, or with sessions that belong to one of them. */
export function podSet(
  scope: Scope,
  name: string,
  args: WorkloadArgs,
  pod: PodArgs,
  {
    named,
    edges,
    replicas,
    scaled,
    opts,
  }: {
    readonly named: Named;
    readonly edges: Edges;
    readonly replicas: number;
    /** Whether an autoscaler says how many there are, once they are made. */
    readonly scaled: boolean;
    readonly opts: pulumi.CustomResourceOptions;
  },
): apps.StatefulSet | apps.Deployment {
  const metadata = {
    name: named.name,
    namespace: scope.namespace,
    labels: named.labels,
    annotations: args.strategy === "beside" ? notAwaited : awaitedByUs(startSeconds(args)),
  };
  const common = {
    replicas,
    selector: { matchLabels: named.selector },
    template: {
      metadata: {
        labels: pulumi.output(named.labels).apply((own) => ({ ...own, ...edgeLabels(edges) })),
      },
      spec: podSpec(pod, scope.settings),
    },
  };
  const keepsData = (args.mounts ?? []).some(({ source }) => source.kind === "data");
  if (args.strategy === "singleton" && !keepsData) {
    return new apps.Deployment(
      name,
      {
        metadata,
        spec: {
          ...common,
          revisionHistoryLimit: 2,
          strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        },
      },
      opts,
    );
  }
  return new apps.StatefulSet(
    name,
    {
      metadata,
      spec: {
        ...common,
        serviceName: named.name,
        podManagementPolicy: "Parallel",
        revisionHistoryLimit: 2,
      },
    },
    { ...opts, ...(scaled && { ignoreChanges: ["spec.replicas"] }) },
  );
}

/** As long as its own health check allows it to start, and a minute for the node to fetch the image. */
function startSeconds({ health }: WorkloadArgs): number {
  return 60 + Math.max(60, health?.startPeriodSeconds ?? 0);
}
