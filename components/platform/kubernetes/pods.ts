import { labelSelectorOf } from "./label-selector.ts";
import type { KubernetesClient } from "./client.ts";
import type { ContainerStatus, Event, Pod, Workload } from "./objects.ts";

/** What a host name stands for. */
export interface HostName {
  /** StatefulSet or Deployment, and its Service. */
  readonly workload: string;
  /** @default the stack's */
  readonly namespace?: string;
  /** One pod of it; else all. */
  readonly pod?: string;
}

/**
 * Reads `<workload>`, `<workload>.<namespace>.svc.<domain>`, and `<pod>.<workload>.<namespace>.svc.<domain>`, the name
 * of one pod of a StatefulSet.
 */
export function parseHost(host: string): HostName {
  const labels = host.split(".");
  const [first = "", second = "", third = ""] = labels;
  if (labels[3] === "svc") return { workload: second, namespace: third, pod: first };
  return { workload: first, ...(labels[2] === "svc" && { namespace: second }) };
}

interface Asked {
  readonly signal?: AbortSignal | undefined;
}

/** The StatefulSet or Deployment of that name; undefined if there is none. */
export async function findWorkload(
  client: KubernetesClient,
  name: string,
  asked: Asked = {},
): Promise<Workload | undefined> {
  const [set, deployment] = await Promise.all(
    ["statefulsets", "deployments"].map((plural) =>
      client.api.find<Workload>(client.path("apps/v1", plural, name), asked),
    ),
  );
  return (
    (set && { ...set, kind: "StatefulSet" }) ??
    (deployment && { ...deployment, kind: "Deployment" })
  );
}

/** Pods of a workload that are not on their way out, by name. */
export async function podsOf(
  client: KubernetesClient,
  { spec }: Pick<Workload, "spec">,
  asked: Asked = {},
): Promise<readonly Pod[]> {
  const labelSelector = labelSelectorOf(spec.selector.matchLabels ?? {});
  const pods = await client.api.list<Pod>(client.path("v1", "pods"), {
    ...asked,
    query: { labelSelector },
  });
  return living(pods);
}

/** Not on their way out, and not ended for good: what an eviction leaves is listed for hours. */
export function living(pods: readonly Pod[]): readonly Pod[] {
  return pods
    .filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.phase !== "Failed" &&
        status?.phase !== "Succeeded",
    )
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Warnings of the namespace, and what an autoscaler of nodes says; what may not be read is left out. */
export async function troublesOf(
  client: KubernetesClient,
  { signal }: Asked = {},
): Promise<readonly Event[]> {
  const path = client.path("v1", "events");
  const asked = ["type=Warning", "reason=TriggeredScaleUp"].map((fieldSelector) =>
    client.api.list<Event>(path, { signal, query: { fieldSelector } }).catch(() => []),
  );
  return (await Promise.all(asked)).flat();
}

/** Container of a pod in which a component's commands run: the one of its name, else the first. */
export function containerOf({ spec }: Pod, component: string): string {
  const containers = spec?.containers ?? [];
  return (containers.find(({ name }) => name === component) ?? containers[0])?.name ?? component;
}

export function statusOf(pod: Pod, container: string): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === container);
}

export function isRunning(pod: Pod, container: string): boolean {
  return statusOf(pod, container)?.state?.running !== undefined;
}
