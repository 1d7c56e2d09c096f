import { expect, it } from "vitest";
import { partOf } from "../../../../infra/platforms/kubernetes/parts.ts";
import {
  createdMs,
  pod,
  ready,
  waiting,
  workload,
} from "../../../components/platform/kubernetes/objects.ts";

const isReady = { conditions: [{ type: "Ready", status: "True" }] };
const judged = (replicas: number, ...pods: ReturnType<typeof pod>[]) =>
  partOf(workload("scene", replicas), pods, [], createdMs);

it("is healthy when all its pods are ready; those of others do not count", () => {
  const scene = [pod("scene-0", ready, isReady), pod("scene-1", ready, isReady)];
  expect(judged(2, ...scene, pod("memory-0", waiting("ErrImagePull")))).toEqual({
    ...{ component: "scene", healthy: true, detail: "2 of 2 pods ready" },
  });
});

it("says how often they were started again", () => {
  const again = pod("scene-0", { ...ready, restartCount: 1 }, isReady);
  expect(judged(1, again).detail).toBe("1 of 1 pod ready, started again 1 time");
});

it("waits for a pod that runs and was not ready yet", () => {
  const running = { ready: false, started: false, state: { running: {} } };
  expect(judged(1, pod("scene-0", running))).toMatchObject({
    ...{ healthy: false, starting: true, detail: "0 of 1 pod ready; has 1 of 1 pod running" },
  });
});

it("says what keeps it from running", () => {
  const found = judged(2, pod("scene-0", ready, isReady), pod("scene-1", waiting("ErrImagePull")));
  expect(found).toEqual({
    ...{ component: "scene", healthy: false },
    detail: expect.stringMatching(
      /^1 of 2 pods ready; has 1 of 2 pods running: scene-1 cannot get its image \(ErrImagePull\): /,
    ) as string,
  });
});
