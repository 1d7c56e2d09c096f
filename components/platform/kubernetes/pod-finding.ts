import { timeOf, type ContainerStatus, type Event, type Pod } from "./objects.ts";
import { otherPlatform, pullFailure } from "./pull-failure.ts";

/** A pod that no node takes for so long has none to wait for. Milliseconds. */
const unschedulableMs = 15_000;
/** A claim is bound after its volume was made, which clouds take a while for. Milliseconds. */
const unboundMs = 90_000;

/** Reasons of a container that waits for what does not come by itself. */
const hopeless: ReadonlySet<string> = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ErrImageNeverPull",
  "InvalidImageName",
  "CreateContainerConfigError",
]);

/** So many crashes, each sooner than the pause before it, and more will follow. */
const crashLoop = 3;

/** How one pod is. */
export interface Finding {
  readonly running: boolean;
  readonly restarts: number;
  readonly problem?: { readonly words: string; readonly terminal: boolean };
}

/**
 * @param events warnings of the namespace, and what an autoscaler of nodes says.
 * @param now by the cluster's clock, milliseconds since 1970.
 */
export function findingOf(pod: Pod, events: readonly Event[], now: number): Finding {
  const statuses = pod.status?.containerStatuses ?? [];
  const all = [...(pod.status?.initContainerStatuses ?? []), ...statuses];
  const restarts = all.reduce((sum, status) => sum + restartsOf(status), 0);
  const running =
    statuses.length > 0 && statuses.every(({ state }) => state?.running !== undefined);
  if (running) return { running, restarts };
  const problem =
    all.map((status) => problemOf(status, pod, events)).find((found) => found !== undefined) ??
    unschedulable(pod, events, now) ??
    warned(pod, events);
  return { running, restarts, ...(problem && { problem }) };
}

/** One that waits for its next start counts as started: the pause is the kubelet's, not the container's merit. */
function restartsOf({ restartCount, state }: ContainerStatus): number {
  return restartCount + (state?.waiting?.reason === "CrashLoopBackOff" ? 1 : 0);
}

function problemOf(
  status: ContainerStatus,
  pod: Pod,
  events: readonly Event[],
): Finding["problem"] {
  const { waiting, terminated } = status.state ?? {};
  const last = terminated ?? status.lastState?.terminated;
  if (waiting === undefined && terminated === undefined) return undefined;
  if (terminated?.exitCode === 0 && status.ready) return undefined;
  const { reason = "" } = waiting ?? {};
  if (hopeless.has(reason)) {
    if (/Image/.test(reason)) {
      const { containers = [], initContainers = [] } = pod.spec ?? {};
      const own = [...initContainers, ...containers].find(({ name }) => name === status.name);
      const about = events.filter((event) => isAbout(event, pod));
      return { words: pullFailure(own?.image, reason, waiting?.message, about), terminal: true };
    }
    const about = waiting?.message ? `: ${cut(waiting.message)}` : "";
    return { words: `cannot be made (${reason})${about}`, terminal: true };
  }
  if (last?.reason === "OOMKilled") {
    return { words: "was killed: out of memory", terminal: true };
  }
  if (last && (terminated !== undefined || reason === "CrashLoopBackOff")) {
    const why = last.message ? `: ${cut(last.message)}` : "";
    const fix = /exec format error/.test(last.message ?? "") ? `; ${otherPlatform}` : "";
    const words = `ended with code ${last.exitCode}${why} and is started again${fix}`;
    return { words, terminal: status.restartCount + 1 >= crashLoop && reason !== "" };
  }
  return undefined;
}

/** In the scheduler's words. */
function unschedulable(pod: Pod, events: readonly Event[], now: number): Finding["problem"] {
  const condition = pod.status?.conditions?.find(
    ({ type, status, reason }) =>
      type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  );
  if (condition === undefined) return undefined;
  const { message = "no node takes it", lastTransitionTime } = condition;
  const waited = now - Date.parse(lastTransitionTime ?? pod.metadata.creationTimestamp ?? "");
  const limit = /unbound immediate PersistentVolumeClaims/.test(message)
    ? unboundMs
    : unschedulableMs;
  // A cluster that grows by itself says so.
  const grows = events.some((event) => isAbout(event, pod) && event.reason === "TriggeredScaleUp");
  return { words: `is not scheduled: ${message}`, terminal: waited > limit && !grows };
}

/** What keeps it from starting, as a volume that cannot be mounted; the last word counts. */
function warned(pod: Pod, events: readonly Event[]): Finding["problem"] {
  const about = events
    .filter((event) => isAbout(event, pod) && /^Failed/.test(event.reason ?? ""))
    .sort((a, b) => ((timeOf(a) ?? "") < (timeOf(b) ?? "") ? -1 : 1));
  const message = about.at(-1)?.message;
  if (message !== undefined) return { words: `does not start: ${cut(message)}`, terminal: false };
  const phase = pod.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? pod.status?.phase;
  return { words: `is not running yet (${phase ?? "Pending"})`, terminal: false };
}

function isAbout({ involvedObject }: Event, { metadata }: Pod): boolean {
  return metadata.uid === undefined
    ? involvedObject.name === metadata.name
    : involvedObject.uid === metadata.uid;
}

/** One line; messages of runtimes quote themselves. */
function cut(message: string): string {
  const line = message.trim().replaceAll(/\s+/g, " ");
  return line.length > 300 ? `${line.slice(0, 300)} ...` : line;
}
