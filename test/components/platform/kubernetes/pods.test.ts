import { describe, expect, it } from "vitest";
import {
  containerOf,
  findWorkload,
  living,
  parseHost,
  podsOf,
} from "../../../../components/platform/kubernetes/pods.ts";
import { fakeCluster, list } from "./fake-cluster.ts";
import { pod, ready, workload } from "./objects.ts";

describe("parseHost", () => {
  const inFleet = { namespace: "fleet" };
  const onePod = { workload: "scene-1", pod: "scene-1-0", ...inFleet };
  it.each([
    ["scene-1a2b3c4", { workload: "scene-1a2b3c4" }],
    ["scene-1a2b3c4.fleet.svc.cluster.local", { workload: "scene-1a2b3c4", ...inFleet }],
    ["gateway.fleet.svc", { workload: "gateway", ...inFleet }],
    ["scene-1-0.scene-1.fleet.svc.cluster.local", onePod],
    ["scene-1-0.scene-1.fleet.svc.k8s.example.com", onePod],
    ["prometheus.monitoring.svc.x", { workload: "prometheus", namespace: "monitoring" }],
  ])("%s", (host, expected) => {
    expect(parseHost(host)).toEqual(expected);
  });
});

it("finds a StatefulSet or a Deployment, and says which", async () => {
  const path = "GET /apis/apps/v1/namespaces/fleet";
  const { client } = await fakeCluster({
    [`${path}/statefulsets/scene`]: workload("scene", 1),
    [`${path}/deployments/gateway`]: { ...workload("gateway", 2), kind: undefined },
  });
  expect((await findWorkload(client, "scene"))?.kind).toBe("StatefulSet");
  expect((await findWorkload(client, "gateway"))?.kind).toBe("Deployment");
  expect(await findWorkload(client, "nobody")).toBeUndefined();
});

it("asks for the pods of a selector, page by page", async () => {
  const pages: Readonly<Record<string, unknown>> = {
    first: { ...list(pod("scene-1", ready)), metadata: { continue: "second" } },
    second: list(pod("scene-0", ready)),
  };
  const { client, asked } = await fakeCluster({
    "GET /api/v1/namespaces/fleet/pods": (_: unknown, url: string) =>
      pages[new URL(url, "http://x").searchParams.get("continue") ?? "first"],
  });
  const names = (await podsOf(client, workload("scene", 2))).map(({ metadata }) => metadata.name);
  expect(names).toEqual(["scene-0", "scene-1"]);
  expect(asked[0]).toContain("labelSelector=app=scene");
});

it("leaves out pods that go, and what an eviction left", () => {
  const going = pod("a-0", ready);
  const pods = [
    pod("a-1", ready),
    { ...going, metadata: { ...going.metadata, deletionTimestamp: "2026-01-01T12:00:00Z" } },
    pod("a-2", {}, { phase: "Failed", reason: "Evicted" }),
    pod("a-3", {}, { phase: "Succeeded" }),
  ];
  expect(living(pods).map(({ metadata }) => metadata.name)).toEqual(["a-1"]);
});

it("takes the container of the component's name, else the first", () => {
  const own = {
    ...pod("scene-0", ready),
    spec: { containers: [{ name: "side" }, { name: "scene" }] },
  };
  expect(containerOf(own, "scene")).toBe("scene");
  expect(containerOf(own, "memory")).toBe("side");
});
