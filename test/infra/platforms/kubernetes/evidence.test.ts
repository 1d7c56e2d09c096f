import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collectPods } from "../../../../infra/platforms/kubernetes/evidence.ts";
import { fakeCluster, list } from "../../../components/platform/kubernetes/fake-cluster.ts";
import {
  event,
  pod,
  ready,
  waiting,
  workload,
} from "../../../components/platform/kubernetes/objects.ts";
import { scratchFolder } from "../../release/scratch.ts";

const ns = "/api/v1/namespaces/fleet";
const apps = "/apis/apps/v1/namespaces/fleet";
const crashed = pod("scene-0", { ...waiting("CrashLoopBackOff"), restartCount: 1 });
const scene = async () =>
  fakeCluster({
    [`GET ${ns}/pods`]: list(
      {
        ...crashed,
        spec: { containers: [{ name: "scene", env: [{ name: "KEY", value: "hush" }] }] },
      },
      pod("memory-0", ready),
    ),
    [`GET ${ns}/events`]: list(
      event("FailedMount", "no volume", { kind: "Pod", name: "memory-0" }),
      event("FailedCreate", "exceeded quota", { kind: "StatefulSet", name: "review" }),
    ),
    [`GET ${apps}/statefulsets`]: list(workload("scene", 1), workload("review", 1)),
    [`GET ${apps}/deployments`]: list(),
    [`GET /apis/batch/v1/namespaces/fleet/jobs`]: list(),
    [`GET ${ns}/pods/scene-0/log`]: (_: unknown, url: string) =>
      url.includes("previous=true") ? "one\ntwo\n" : undefined,
    [`GET ${ns}/pods/memory-0/log`]: "hello\n",
  });
const of =
  (...components: string[]) =>
  (labels: Readonly<Record<string, string>>) =>
    components.includes(labels["mcp-fleet/component"] ?? "");

it("keeps description, events and logs of what is wanted, without values of the environment", async () => {
  const { client } = await scene();
  const folder = scratchFolder();
  await collectPods(client, "production", folder, { wanted: of("scene"), failed: () => false });
  expect(readdirSync(folder).sort()).toEqual([
    "scene-0.json",
    "scene-0.previous.log",
    "statefulset-scene.json",
  ]);
  expect(readFileSync(join(folder, "scene-0.json"), "utf8")).not.toContain("hush");
  expect(readFileSync(join(folder, "scene-0.previous.log"), "utf8")).toBe("one\ntwo\n");
});

it("gives the last lines of what failed, or what the cluster says of it", async () => {
  const { client } = await scene();
  const choice = { wanted: () => true, failed: of("scene", "review") };
  expect(await collectPods(client, "production", scratchFolder(), choice)).toEqual([
    { object: "scene-0", lines: ["one", "two"] },
    { object: "review", lines: ["FailedCreate: exceeded quota"] },
  ]);
});
