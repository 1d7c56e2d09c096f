import { setTimeout as sleep } from "node:timers/promises";
import type { KubernetesClient } from "./client.ts";
import type { Pod } from "./objects.ts";
import { findWorkload, podsOf, troublesOf } from "./pods.ts";
import { stateOf, type Seen } from "./workload-state.ts";

/** Between two looks. Milliseconds. */
const pauseMs = 500;
/** What does not come by itself may still be a registry that is away for a moment: the kubelet asks again after 10 s. */
const hopelessMs = 12_000;

export interface Rollout {
  readonly ready: boolean;
  /** It will not become ready by itself. */
  readonly terminal: boolean;
  /** Follows the name of the workload. */
  readonly detail: string;
}

/** Whether a change has arrived in every pod of a workload, and each of them is ready. */
export function rolloutOf(seen: Seen): Rollout {
  const { metadata, spec, status = {} } = seen.workload;
  const { observedGeneration, replicas, updatedReplicas, readyReplicas } = status;
  const desired = spec.replicas ?? 1;
  const ready =
    (observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    [replicas, updatedReplicas, readyReplicas].every((count) => (count ?? 0) === desired);
  // What an old pod suffers from may be what the change is for.
  const { terminal, detail } = stateOf({ ...seen, pods: newestOf(seen.pods) });
  return { ready, terminal: !ready && terminal, detail };
}

/** Pods of the revision that was made last. */
function newestOf(pods: readonly Pod[]): readonly Pod[] {
  const made = ({ metadata }: Pod) => metadata.creationTimestamp ?? "";
  const [newest] = [...pods].sort((a, b) => (made(a) > made(b) ? -1 : 1));
  return pods.filter((pod) => newest !== undefined && revisionOf(pod) === revisionOf(newest));
}

function revisionOf({ metadata: { labels = {} } }: Pod): string | undefined {
  return labels["pod-template-hash"] ?? labels["controller-revision-hash"];
}

/**
 * Waits until a change of a workload has arrived: as the plugin would, but not for what does not come by itself, and in
 * words that say what to do.
 *
 * @param seconds how long it may take.
 * @throws with what is missing.
 */
export async function untilReady(
  client: KubernetesClient,
  name: string,
  seconds: number,
): Promise<void> {
  const begun = performance.now();
  let hopelessSince: number | undefined;
  for (;;) {
    const { ready, terminal, detail } = await look(client, name).catch((error: Error) => ({
      ...{ ready: false, terminal: false, detail: error.message },
    }));
    if (ready) return;
    const now = performance.now();
    hopelessSince = terminal ? (hopelessSince ?? now) : undefined;
    if (hopelessSince !== undefined && now - hopelessSince > hopelessMs) {
      throw new Error(`${name} ${detail}`);
    }
    if (now - begun > seconds * 1000) {
      throw new Error(`${name} is not ready after ${seconds} s: it ${detail}`);
    }
    await sleep(pauseMs);
  }
}

async function look(client: KubernetesClient, name: string): Promise<Rollout> {
  const workload = await findWorkload(client, name);
  if (workload === undefined) return { ready: false, terminal: true, detail: "does not exist" };
  const pods = await podsOf(client, workload);
  const seen = { workload, pods, events: [], now: client.api.now() };
  const rollout = rolloutOf(seen);
  return rollout.ready ? rollout : rolloutOf({ ...seen, events: await troublesOf(client) });
}
