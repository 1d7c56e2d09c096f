import { describe, expect, it } from "vitest";
import type { Event, Pod } from "../../../../components/platform/kubernetes/objects.ts";
import { stateOf, type Seen } from "../../../../components/platform/kubernetes/workload-state.ts";
import { created, createdMs, event, pod, ready, waiting, workload } from "./objects.ts";

function state(pods: readonly Pod[], over: Partial<Seen> = {}, replicas = 1) {
  const set = workload("scene", replicas);
  return stateOf({ workload: set, pods, events: [], now: createdMs + 5000, ...over });
}

describe("a workload", () => {
  it("runs when every pod does, and is as old as the first of them", () => {
    expect(state([pod("scene-0", ready), pod("scene-1", ready)], {}, 2)).toEqual({
      ...{ running: true, terminal: false, health: "healthy", restarts: 0 },
      ...{ detail: "has 2 of 2 pods running", created, since: "2026-01-01T12:00:05Z" },
    });
  });

  it("does not run when one of them does not", () => {
    const found = state(
      [pod("scene-0", ready), pod("scene-1", waiting("ContainerCreating"))],
      {},
      2,
    );
    expect(found).toMatchObject({ running: false, terminal: false, health: "starting" });
    expect(found.detail).toBe(
      "has 1 of 2 pods running: scene-1 is not running yet (ContainerCreating)",
    );
  });

  it("is starting until its first answer, and sick when it stops answering", () => {
    const running = { state: { running: { startedAt: created } } };
    expect(state([pod("scene-0", { ...running, started: false })]).health).toBe("starting");
    expect(state([pod("scene-0", { ...running, started: true })]).health).toBe("unhealthy");
  });

  it("has no health without pods", () => {
    expect(state([])).toMatchObject({ running: false, terminal: false, restarts: 0 });
    expect(state([]).health).toBeUndefined();
  });

  it("that is changed in place runs when the change is everywhere", () => {
    const old = workload("scene", 1, { status: { observedGeneration: 0, updatedReplicas: 1 } });
    const part = workload("scene", 1, { status: { observedGeneration: 1, updatedReplicas: 0 } });
    for (const [changed, words] of [
      [old, "not taken up yet"],
      [part, "0 of them as they are meant to be"],
    ] as const) {
      const found = state([pod("scene-0", ready)], { workload: changed });
      expect(found).toMatchObject({ running: false, terminal: false });
      expect(found.detail).toContain(words);
    }
  });
});

it("that got a pod more for a change which does not come has not changed", () => {
  const stuck = workload("pooler", 1, {
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 1 },
  });
  const pods = [pod("pooler-0", ready), pod("pooler-1", waiting("ErrImagePull", "no such image"))];
  const found = state(pods, { workload: stuck });
  expect(found).toMatchObject({ running: false, terminal: true });
  expect(found.detail).toMatch(
    /^has 1 of 1 pod running: its last change waits, 1 pod of before is still there: pooler-1 cannot get its image \(ErrImagePull\): no such image; /,
  );
});

describe("restarts", () => {
  it("are summed, and one that is waited for counts", () => {
    const crashed = {
      ...{ restartCount: 1, ...waiting("CrashLoopBackOff") },
      lastState: { terminated: { exitCode: 1 } },
    };
    const found = state([pod("scene-0", { ...ready, restartCount: 2 }), pod("scene-1", crashed)]);
    expect(found.restarts).toBe(4);
  });

  it.each([
    [0, false],
    [1, false],
    [2, true],
    [7, true],
  ])("%j and another one to come: for good %j", (restartCount, terminal) => {
    const found = state([
      pod("scene-0", {
        ...{ restartCount, ...waiting("CrashLoopBackOff") },
        lastState: { terminated: { exitCode: 7, message: "no database\n" } },
      }),
    ]);
    expect(found).toMatchObject({ running: false, terminal });
    expect(found.detail).toContain("scene-0 ended with code 7: no database and is started again");
  });

  it("out of memory is the end", () => {
    const killed = { exitCode: 137, reason: "OOMKilled" };
    for (const status of [
      { state: { terminated: killed } },
      { ...waiting("CrashLoopBackOff"), lastState: { terminated: killed } },
    ]) {
      const found = state([pod("scene-0", status)]);
      expect(found).toMatchObject({ running: false, terminal: true });
      expect(found.detail).toContain("out of memory");
    }
  });
});

describe("what will not come by itself", () => {
  it.each([
    ["ErrImagePull", "cannot get its image"],
    ["ImagePullBackOff", "cannot get its image"],
    ["ErrImageNeverPull", "cannot get its image"],
    ["InvalidImageName", "cannot get its image"],
    ["CreateContainerConfigError", "cannot be made"],
  ])("%s", (reason, words) => {
    const found = state([pod("scene-0", waiting(reason, "registry\n  says   no"))]);
    expect(found).toMatchObject({ running: false, terminal: true });
    expect(found.detail).toContain(
      `has 0 of 1 pod running: scene-0 ${words} (${reason}): registry says no`,
    );
  });

  it("is an image that the registry denies while the node pauses: its answer is in an event", () => {
    const image = "registry.example.com/mcp/scene:1";
    const scene = pod("scene-0", waiting("ImagePullBackOff", `Back-off pulling image "${image}"`));
    const pulled = { ...scene, spec: { containers: [{ name: "scene", image }] } };
    const answer = `Failed to pull image "${image}": rpc error: code = Unknown desc = failed to pull and unpack image "${image}": pull access denied`;
    const events = [event("Failed", answer, { kind: "Pod", uid: "uid-scene-0" })];
    expect(state([pulled], { events }).detail).toBe(
      `has 0 of 1 pod running: scene-0 cannot get its image ${image} (ImagePullBackOff): pull access denied; ` +
        "if the name is right, name a Secret with a login for its registry: kubernetes.images.pullSecret",
    );
  });

  it.each([
    ["docker.io/x/scene:1: not found", "push it (`./fleet images --push`), or correct its name"],
    ["docker.io/x/authenticator:1: not found", "push it (`./fleet images --push`)"],
    ["dial tcp: lookup registry.invalid: no such host", "correct kubernetes.images.registry"],
    ["no match for platform in manifest: not found", "build it for the processors of the nodes"],
    [
      'failed to do request: Head "https://r/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
      "the nodes do not trust its registry",
    ],
    [
      'failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp 192.0.2.1:443: i/o timeout',
      "the nodes do not reach its registry",
    ],
    [
      "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://r/token: 401 Unauthorized",
      "name a Secret with a login",
    ],
    ["manifest unknown", "push it (`./fleet images --push`), or correct its name"],
    ["something else", "push it (`./fleet images --push`), correct its name, or name a login"],
  ])("is an image of which the registry says %s", (answer, fix) => {
    const message = `rpc error: code = NotFound desc = failed to pull and unpack image "x": ${answer}`;
    const { detail } = state([pod("scene-0", waiting("ErrImagePull", message))]);
    expect(detail).toContain(`(ErrImagePull): ${answer}; `);
    expect(detail).toContain(fix);
  });

  it("is an image for other processors", () => {
    const message = 'exec: "node": exec format error';
    const { detail } = state([
      pod("scene-0", { restartCount: 2, state: { terminated: { exitCode: 128, message } } }),
    ]);
    expect(detail).toContain("exec format error and is started again; build it for the processors");
  });

  it("is said before what may still come", () => {
    const pods = [
      pod("scene-0", waiting("ContainerCreating")),
      pod("scene-1", waiting("ErrImagePull")),
    ];
    expect(state(pods, {}, 2).detail).toContain("scene-1 cannot get its image");
  });
});

describe("a pod that no node takes", () => {
  const message = "0/1 nodes are available: 1 Insufficient memory.";
  const conditions = (text: string) => [
    {
      ...{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: text },
      lastTransitionTime: created,
    },
  ];
  const unscheduled = (text = message): Pod => ({
    ...pod("scene-0", {}),
    status: { phase: "Pending", conditions: conditions(text) },
  });

  it("may still be taken, but not for ever, and the scheduler's words tell why", () => {
    expect(state([unscheduled()], { now: createdMs + 5000 })).toMatchObject({
      terminal: false,
      detail: `has 0 of 1 pod running: scene-0 is not scheduled: ${message}`,
    });
    expect(state([unscheduled()], { now: createdMs + 20_000 }).terminal).toBe(true);
  });

  it("waits longer for its volume, or for a node that is on its way", () => {
    const unbound = unscheduled("pod has unbound immediate PersistentVolumeClaims");
    expect(state([unbound], { now: createdMs + 20_000 }).terminal).toBe(false);
    expect(state([unbound], { now: createdMs + 100_000 }).terminal).toBe(true);
    const events = [event("TriggeredScaleUp", "1->2", { uid: "uid-scene-0" })];
    expect(state([unscheduled()], { events, now: createdMs + 20_000 }).terminal).toBe(false);
  });
});

describe("events", () => {
  const quota = 'pods "scene-0" is forbidden: exceeded quota: small';
  const refused = (at: string, object: Event["involvedObject"] = { name: "scene" }) => [
    event("FailedCreate", quota, object, at),
  ];

  it("tell why there are no pods at all", () => {
    const found = state([], { events: refused(created) });
    expect(found).toMatchObject({ running: false, terminal: true });
    expect(found.detail).toMatch(`has 0 of 1 pod running: ${quota}; raise the quota`);
    const byReplicaSet = refused(created, { kind: "ReplicaSet", name: "scene-5d8f" });
    expect(state([], { events: byReplicaSet }).terminal).toBe(true);
  });

  it("of long ago, of others, and of passing trouble say nothing", () => {
    for (const events of [
      refused("2026-01-01T11:00:00Z"),
      refused(created, { name: "memory" }),
      [event("FailedCreate", "etcdserver: leader changed", { name: "scene" })],
    ]) {
      expect(state([], { events }).terminal).toBe(false);
    }
  });

  it("are the condition of a Deployment", () => {
    const conditions = [{ type: "ReplicaFailure", status: "True", message: quota }];
    const set = workload("scene", 1, { status: { observedGeneration: 1, conditions } });
    expect(state([], { workload: set })).toMatchObject({ terminal: true });
  });

  it("tell what keeps a pod from starting; the last one counts", () => {
    const about = { uid: "uid-scene-0" };
    const events = [
      event("FailedMount", "second", about, "2026-01-01T12:00:02Z"),
      event("FailedMount", "first", about, created),
      event("FailedMount", "another's", { uid: "uid-memory-0" }, "2026-01-01T12:00:03Z"),
    ];
    const found = state([pod("scene-0", waiting("ContainerCreating"))], { events });
    expect(found).toMatchObject({ running: false, terminal: false });
    expect(found.detail).toContain("scene-0 does not start: second");
  });
});
