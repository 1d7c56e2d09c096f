import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { Event, Pod, Workload } from "../../../components/platform/kubernetes/objects.ts";
import { living } from "../../../components/platform/kubernetes/pods.ts";
import { stateOf } from "../../../components/platform/kubernetes/workload-state.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import type { ComponentHealth } from "../../health/report.ts";

/** Workloads of a stack, judged by the cluster: as many pods as are meant to be, running and ready. */
export async function checkPods(
  client: KubernetesClient,
  stack: string,
): Promise<ComponentHealth[]> {
  const query = { labelSelector: `${labelNames.stack}=${stack}` };
  const [sets, deployments, pods, events] = await Promise.all([
    client.api.list<Workload>(client.path("apps/v1", "statefulsets"), { query }),
    client.api.list<Workload>(client.path("apps/v1", "deployments"), { query }),
    client.api.list<Pod>(client.path("v1", "pods"), { query }),
    client.api
      .list<Event>(client.path("v1", "events"), { query: { fieldSelector: "type=Warning" } })
      .catch(() => []),
  ]);
  return [...sets, ...deployments]
    .map((workload) => partOf(workload, pods, events, client.api.now()))
    .sort((a, b) => (a.component < b.component ? -1 : 1));
}

export function partOf(
  workload: Workload,
  all: readonly Pod[],
  events: readonly Event[],
  now: number,
): ComponentHealth {
  const { metadata, spec } = workload;
  const pods = living(all).filter((pod) => isSelected(pod, workload));
  const { running, health, detail, restarts } = stateOf({ workload, pods, events, now });
  const desired = spec.replicas ?? 1;
  const ready = pods.filter(isReady).length;
  const healthy = running && health === "healthy";
  return {
    component: metadata.labels?.[labelNames.component] ?? metadata.name,
    healthy,
    ...(running && health === "starting" && { starting: true as const }),
    detail:
      `${ready} of ${desired} pod${desired === 1 ? "" : "s"} ready` +
      (restarts > 0 ? `, started again ${restarts} time${restarts === 1 ? "" : "s"}` : "") +
      (healthy ? "" : `; ${detail}`),
  };
}

function isSelected({ metadata }: Pod, { spec }: Workload): boolean {
  return Object.entries(spec.selector.matchLabels ?? {}).every(
    ([label, value]) => metadata.labels?.[label] === value,
  );
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(
    (condition) => condition.type === "Ready" && condition.status === "True",
  );
}
