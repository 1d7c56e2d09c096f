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
  /** What the kubelet will try once more after a pause; the same as long as it has not. */
  readonly pause?: string;
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
  const pods = newestOf(seen.pods);
  const { terminal, detail } = stateOf({ ...seen, pods });
  const pause = pods.flatMap(pausesOf).join(" ");
  return { ready, terminal: !ready && terminal, detail, ...(pause !== "" && { pause }) };
}

/** Containers that wait for the next try, by how often they were started. */
function pausesOf({ metadata: { uid }, status }: Pod): string[] {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return statuses
    .filter(({ state }) => state?.waiting?.reason?.endsWith("BackOff"))
    .map(({ name, restartCount }) => `${uid ?? ""}/${name}/${restartCount}`);
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

/** When there is nothing to wait for any more. */
export class Patience {
  #first: Pick<Rollout, "pause"> | undefined;
  #tried = false;
  #hopelessSince: number | undefined;

  /** @param now milliseconds. */
  isOver(seen: Pick<Rollout, "terminal" | "pause">, now: number): boolean {
    const { terminal, pause } = seen;
    this.#first ??= seen;
    // What failed before this began, somebody may have mended since: the next try tells, which may be minutes away.
    this.#tried ||= pause === undefined || pause !== this.#first.pause;
    this.#hopelessSince = terminal && this.#tried ? (this.#hopelessSince ?? now) : undefined;
    return this.#hopelessSince !== undefined && now - this.#hopelessSince > hopelessMs;
  }
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
  const patience = new Patience();
  for (;;) {
    const seen = await look(client, name).catch((error: Error) => error);
    const now = performance.now();
    if (!(seen instanceof Error)) {
      if (seen.ready) return;
      if (patience.isOver(seen, now)) throw new Error(`${name} ${seen.detail}`);
    }
    if (now - begun > seconds * 1000) {
      const why = seen instanceof Error ? seen.message : `it ${seen.detail}`;
      throw new Error(`${name} is not ready after ${seconds} s: ${why}`);
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
