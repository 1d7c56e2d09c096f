import { readdir, readFile } from "node:fs/promises";
import type { CoreV1Api, V1Pod } from "@kubernetes/client-node";
import { labelNames } from "../../../components/platform/labels.ts";
import { eventually, type Pods } from "./pods.ts";

/** Longest wait for a pod; how long it may take is for the test to judge. Seconds. */
const PATIENCE = 120;

/** Pods of a component that are not on their way out, by name. */
export async function podsOf(
  { core, namespace }: Pods,
  component: string,
): Promise<readonly V1Pod[]> {
  const labelSelector = `${labelNames.component}=${component}`;
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  return items
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

export function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? "";
}

export function isReady({ status }: V1Pod): boolean {
  return (status?.conditions ?? []).some(
    ({ type, status: value }) => type === "Ready" && value === "True",
  );
}

/** Changes with every start of its container. */
function incarnation({ metadata, status }: V1Pod): string {
  return `${metadata?.uid} ${status?.containerStatuses?.[0]?.restartCount}`;
}

/** Waits until as many pods of a component are ready as there were, and none of them is the struck one as it was. */
export async function untilBack(
  pods: Pods,
  component: string,
  before: readonly V1Pod[],
  struck: V1Pod,
): Promise<void> {
  await eventually(`${before.length} ready pods of ${component}`, PATIENCE, async () => {
    const now = await podsOf(pods, component);
    const back = now.filter((pod) => isReady(pod) && incarnation(pod) !== incarnation(struck));
    return back.length === before.length && now.length === before.length ? true : undefined;
  });
}

/** Waits until a pod that was told to end has ended. */
export async function untilGone({ core, namespace }: Pods, struck: V1Pod): Promise<void> {
  await eventually(`the end of ${nameOf(struck)}`, PATIENCE, async () => {
    const { items } = await core.listNamespacedPod({ namespace });
    return items.some(({ metadata }) => metadata?.uid === struck.metadata?.uid) ? undefined : true;
  });
}

/** How a pod may end. All that can be looked up before is, so that what is returned strikes at once. */
export const ways = {
  /** `kill -9` of its main process: its container is started again in the same pod. */
  killed: async (pod: V1Pod): Promise<() => Promise<void>> => {
    const pid = await mainProcess(pod);
    return () => Promise.resolve(void process.kill(pid, "SIGKILL"));
  },
  /** `kubectl delete --grace-period=0 --force`: another pod takes its place, while it may still be ending. */
  deleted: (pod: V1Pod, { core, namespace }: { core: CoreV1Api; namespace: string }) => {
    const name = nameOf(pod);
    return Promise.resolve(async () => {
      await core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 0 });
    });
  },
  /** `kubectl drain`: budgets are asked, and the pod gets the time that it wants to end in. */
  evicted: (pod: V1Pod, { core, namespace }: { core: CoreV1Api; namespace: string }) => {
    const name = nameOf(pod);
    return Promise.resolve(async () => {
      const body = { metadata: { name, namespace } };
      await core.createNamespacedPodEviction({ namespace, name, body });
    });
  },
} as const;

/** Processes of the node's containers are processes of this machine, known by their cgroup. */
export async function mainProcess(pod: V1Pod): Promise<number> {
  const id = pod.status?.containerStatuses?.[0]?.containerID?.replace(/^.*\/\//, "");
  if (!id) throw new Error(`${nameOf(pod)} has no container that runs`);
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (!(await ofProcess(pid, "cgroup")).includes(id)) continue;
    // Commands of probes are in the same group; the main process is the first of its namespace.
    if (/^NSpid:.*\t1$/m.test(await ofProcess(pid, "status"))) return Number(pid);
  }
  throw new Error(`no process of ${nameOf(pod)} can be seen here: container ${id}`);
}

/** Empty if it has just ended. */
function ofProcess(pid: string, file: string): Promise<string> {
  return readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
}
