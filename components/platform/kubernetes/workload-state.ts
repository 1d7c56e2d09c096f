import type { WorkloadState } from "../transport.ts";
import { timeOf, type ContainerStatus, type Event, type Pod, type Workload } from "./objects.ts";
import { findingOf } from "./pod-finding.ts";

/** State of a workload that does not exist. */
export const goneState: WorkloadState = {
  running: false,
  terminal: true,
  detail: "does not exist",
  restarts: 0,
};

export interface Seen {
  readonly workload: Pick<Workload, "metadata" | "spec" | "status">;
  /** Those that are not on their way out. */
  readonly pods: readonly Pod[];
  /** Warnings of the namespace, and what an autoscaler of nodes says; needed only if not everything runs. */
  readonly events: readonly Event[];
  /** By the cluster's clock, milliseconds since 1970. */
  readonly now: number;
}

/** What the controller could not create so long ago it has tried again since. Milliseconds. */
const recentMs = 60_000;

/** What the API server's objects mean; see `WorkloadState`. */
export function stateOf(seen: Seen): WorkloadState {
  const { workload, pods } = seen;
  const desired = workload.spec.replicas ?? 1;
  const findings = pods.map((pod) => findingOf(pod, seen.events, seen.now));
  const running = findings.filter((finding) => finding.running).length;
  const behind = rolloutOf(workload, desired);
  const refusal = pods.length < desired ? refusalOf(seen) : undefined;
  const complete = running >= desired && behind === undefined;
  const problems = [
    ...findings.flatMap(({ problem }, at) =>
      problem === undefined ? [] : [{ ...problem, pod: pods[at]!.metadata.name }],
    ),
    ...(refusal === undefined ? [] : [{ words: refusal, terminal: true, pod: undefined }]),
  ].sort((a, b) => Number(b.terminal) - Number(a.terminal));
  const [first] = problems;
  const since = earliest(pods.flatMap(({ status }) => startsOf(status?.containerStatuses)));
  const created = earliest(pods.map(({ metadata }) => metadata.creationTimestamp));
  return {
    running: complete,
    terminal: !complete && problems.some(({ terminal }) => terminal),
    ...(pods.length > 0 && { health: healthOf(pods, complete) }),
    detail: [
      `has ${running} of ${desired} pod${desired === 1 ? "" : "s"} running`,
      ...(behind === undefined ? [] : [behind]),
      ...(first === undefined || complete
        ? []
        : [first.pod === undefined ? first.words : `${first.pod} ${first.words}`]),
    ].join(": "),
    ...(created !== undefined && { created }),
    ...(since !== undefined && { since }),
    restarts: findings.reduce((sum, { restarts }) => sum + restarts, 0),
  };
}

/** Why its controller makes no pods: a quota, a limit, a policy of the namespace. */
function refusalOf(seen: Seen): string | undefined {
  const refusal = refusalIn(seen);
  return refusal !== undefined && /exceeded quota/.test(refusal)
    ? `${refusal}; raise the quota: while a release is proven, its pods live beside those before it`
    : refusal;
}

function refusalIn({ workload, events, now }: Seen): string | undefined {
  const failure = workload.status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  if (failure?.message !== undefined) return failure.message;
  const { name } = workload.metadata;
  return events
    .filter(({ reason, involvedObject }) => {
      const { kind, name: of = "" } = involvedObject;
      const own = of === name || (kind === "ReplicaSet" && of.startsWith(`${name}-`));
      return reason === "FailedCreate" && own;
    })
    .filter((event) => now - Date.parse(timeOf(event) ?? "") < recentMs)
    .map(({ message }) => message)
    .find((message) => message !== undefined && /forbidden|exceeded|violates/i.test(message));
}

/** What of a change in place is still to come; undefined if nothing. */
function rolloutOf({ metadata, status }: Seen["workload"], desired: number): string | undefined {
  const { generation } = metadata;
  if (generation !== undefined && (status?.observedGeneration ?? 0) < generation) {
    return "its last change is not taken up yet";
  }
  const updated = status?.updatedReplicas ?? 0;
  if (updated < desired) return `${updated} of them as they are meant to be`;
  // A Deployment keeps pods from before its last change until the new ones are ready.
  const before = (status?.replicas ?? 0) - updated;
  if (before <= 0) return undefined;
  return `its last change waits, ${before} pod${before === 1 ? "" : "s"} of before ${before === 1 ? "is" : "are"} still there`;
}

function healthOf(pods: readonly Pod[], complete: boolean): NonNullable<WorkloadState["health"]> {
  const statuses = pods.flatMap(({ status }) => status?.containerStatuses ?? []);
  if (complete && statuses.every(({ ready }) => ready)) return "healthy";
  // Before its first success a pod is starting, afterwards it has become sick.
  return statuses.some(({ ready, started }) => !ready && started === true)
    ? "unhealthy"
    : "starting";
}

function startsOf(statuses: readonly ContainerStatus[] = []): (string | undefined)[] {
  return statuses.map(({ state }) => state?.running?.startedAt);
}

function earliest(times: readonly (string | undefined)[]): string | undefined {
  return times.filter((time) => time !== undefined).sort()[0];
}
