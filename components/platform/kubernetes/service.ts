import * as core from "@pulumi/kubernetes/core/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { WorkloadArgs } from "../platform.ts";
import type { Named, Scope } from "./named.ts";
import { notAwaited } from "./awaiting.ts";

/** The name under which a workload is called; headless where every pod is called by its own. */
export function workloadService(
  scope: Scope,
  name: string,
  args: WorkloadArgs,
  named: Named,
  opts: pulumi.CustomResourceOptions,
): core.Service {
  const { gateway } = scope.settings;
  const forClients = args.audience === "clients";
  const ports = [...new Set(portsOf(args))].sort((a, b) => a - b);
  return new core.Service(
    name,
    {
      metadata: {
        name: named.name,
        namespace: scope.namespace,
        labels: named.labels,
        annotations: { ...notAwaited, ...(forClients && gateway.annotations) },
      },
      spec: {
        selector: named.selector,
        ports: ports.map((port) => ({
          name: `port-${port}`,
          port,
          targetPort: port,
          protocol: "TCP",
        })),
        type: forClients ? gateway.service : "ClusterIP",
        // Every pod by its own name; whether it can take calls is asked by those who call.
        ...(args.strategy === "beside" && { clusterIP: "None", publishNotReadyAddresses: true }),
      },
    },
    opts,
  );
}

function portsOf({ listens = [], publish = [] }: WorkloadArgs): number[] {
  return [...listens, ...publish].map(({ port }) => port);
}
