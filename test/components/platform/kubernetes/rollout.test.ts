import { expect, it } from "vitest";
import {
  awaitedByUs,
  isAwaitedByUs,
  notAwaited,
} from "../../../../components/platform/kubernetes/awaiting.ts";
import type { Pod, Workload } from "../../../../components/platform/kubernetes/objects.ts";
import { Patience, rolloutOf } from "../../../../components/platform/kubernetes/rollout.ts";
import { created, createdMs, pod, ready, waiting, workload } from "./objects.ts";

const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1 };

function rollout(pods: readonly Pod[], status: Workload["status"] = {}) {
  const gateway = workload("gateway", 1, {
    status: { observedGeneration: 1, ...counts, ...status },
  });
  return rolloutOf({ workload: gateway, pods, events: [], now: createdMs + 5000 });
}

function revision(made: Pod, hash: string, creationTimestamp = created): Pod {
  const labels = { ...made.metadata.labels, "pod-template-hash": hash };
  return { ...made, metadata: { ...made.metadata, labels, creationTimestamp } };
}

const crashing = {
  ...{ restartCount: 5, ...waiting("CrashLoopBackOff") },
  lastState: { terminated: { exitCode: 1 } },
};
const old = "2026-01-01T10:00:00Z";

it("has arrived when every pod is of it and ready, and no other is left", () => {
  const pods = [pod("gateway-0", ready)];
  expect(rollout(pods)).toMatchObject({ ready: true, terminal: false });
  for (const status of [
    { observedGeneration: 0 },
    { updatedReplicas: 0 },
    { readyReplicas: 0 },
    // The old pod still is, beside the new one.
    { replicas: 2 },
  ]) {
    expect(rollout(pods, status), JSON.stringify(status)).toMatchObject({ ready: false });
  }
});

it("will not arrive by itself if the new pod gets no image, though the old one runs", () => {
  const pods = [
    revision(pod("gateway-a", ready), "old", old),
    revision(pod("gateway-b", waiting("ErrImagePull", "no such host")), "new"),
  ];
  const { terminal, detail } = rollout(pods, { replicas: 2 });
  expect(terminal).toBe(true);
  expect(detail).toMatch(
    /^has 0 of 1 pod running: its last change waits, .*: gateway-b cannot get its image /,
  );
});

it("may be what an old pod needs, whatever that one suffers from", () => {
  const sick = revision(pod("gateway-a", crashing), "old", old);
  const starting = revision(pod("gateway-b", waiting("ContainerCreating")), "new");
  expect(rollout([sick, starting], { replicas: 2, readyReplicas: 0 }).terminal).toBe(false);
  expect(rollout([revision(sick, "new")], { readyReplicas: 0 }).terminal).toBe(true);
});

it("that pauses after a failure says so, until it is tried again", () => {
  const failed = (restartCount: number, reason: string) =>
    rollout([pod("gateway-0", { restartCount, ...waiting(reason) })], { readyReplicas: 0 }).pause;
  expect(failed(0, "ImagePullBackOff")).toBe("uid-gateway-0/gateway/0");
  expect(failed(5, "CrashLoopBackOff")).toBe("uid-gateway-0/gateway/5");
  expect(failed(0, "ErrImagePull")).toBeUndefined();
});

it("is waited for a while longer, and not for what has failed before until it is tried again", () => {
  const patience = new Patience();
  const over = (seconds: number, terminal: boolean, pause?: string) =>
    patience.isOver({ terminal, ...(pause !== undefined && { pause }) }, seconds * 1000);
  // Mended in the meantime, perhaps: the kubelet waits.
  expect([0, 60, 120].map((at) => over(at, true, "pod/0"))).toEqual([false, false, false]);
  // It has tried, and it was not.
  expect(over(121, true)).toBe(false);
  expect(over(132, true, "pod/0")).toBe(false);
  expect(over(134, true, "pod/0")).toBe(true);

  const fresh = new Patience();
  expect(fresh.isOver({ terminal: true }, 0)).toBe(false);
  // A registry that was away for a moment.
  expect(fresh.isOver({ terminal: false }, 10_000)).toBe(false);
  expect(fresh.isOver({ terminal: true }, 20_000)).toBe(false);
  expect(fresh.isOver({ terminal: true }, 31_000)).toBe(false);
  expect(fresh.isOver({ terminal: true }, 32_500)).toBe(true);
});

it("is waited for here where the plugin is told how long and not to", () => {
  const of = (annotations: Record<string, string>) => isAwaitedByUs({ metadata: { annotations } });
  expect(of(awaitedByUs(120))).toBe(true);
  expect(of(notAwaited)).toBe(false);
  expect(of({ "pulumi.com/timeoutSeconds": "120" })).toBe(false);
  expect(isAwaitedByUs({})).toBe(false);
});
