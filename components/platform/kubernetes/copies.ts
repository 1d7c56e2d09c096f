import type { KubernetesSettings } from "./kubernetes.schema.ts";

/** How many copies of a server there may be. @param replicas how many there are whatever the load is */
export function mostCopies({ autoscaling }: KubernetesSettings, replicas: number): number {
  return Math.max(replicas, autoscaling?.maxReplicas ?? 0);
}
