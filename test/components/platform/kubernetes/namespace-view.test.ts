import { expect, it } from "vitest";
import { NamespaceView } from "../../../../components/platform/kubernetes/namespace-view.ts";
import { fakeCluster, list } from "./fake-cluster.ts";
import { pod, ready, workload } from "./objects.ts";

const apps = "/apis/apps/v1/namespaces/fleet";

async function scene() {
  const sets = [workload("scene", 1)];
  const cluster = await fakeCluster({
    [`GET ${apps}/statefulsets`]: () => list(...sets),
    [`GET ${apps}/deployments`]: list({ ...workload("gateway", 2), kind: undefined }),
    "GET /api/v1/namespaces/fleet/pods": list(pod("scene-0", ready), pod("gateway-0", ready)),
  });
  return { ...cluster, sets, view: new NamespaceView(cluster.client) };
}

it("looks once for all who ask at the same time", async () => {
  const { view, asked } = await scene();
  const found = await Promise.all(["scene", "gateway", "scene"].map((name) => view.workload(name)));
  expect(found.map((one) => one?.kind)).toEqual(["StatefulSet", "Deployment", "StatefulSet"]);
  expect(asked).toHaveLength(2);
  const pods = await view.podsOf(found[0]!);
  expect(pods.map(({ metadata }) => metadata.name)).toEqual(["scene-0"]);
});

it("looks again before it says that something does not exist", async () => {
  const { view, sets } = await scene();
  await view.workload("scene");
  sets.push(workload("memory", 1));
  expect((await view.workload("memory"))?.metadata.name).toBe("memory");
  expect(await view.workload("nobody")).toBeUndefined();
});
