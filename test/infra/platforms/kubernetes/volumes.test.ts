import { expect, it } from "vitest";
import { dataVolumes, removeVolumes } from "../../../../infra/platforms/kubernetes/volumes.ts";
import { fakeCluster } from "../../../components/platform/kubernetes/fake-cluster.ts";

const type = "kubernetes:core/v1:PersistentVolumeClaim";
const namespace = "/api/v1/namespaces/fleet";
const deleted = (asked: readonly string[]) => asked.filter((line) => line.startsWith("DELETE"));
const of = (stack: string) => ({ metadata: { labels: { "mcp-fleet/stack": stack } } });

it("names the protected claims", () => {
  expect(
    dataVolumes([
      { urn: "u", type, id: "fleet/prometheus", protect: true },
      { urn: "u", type, id: "fleet/postgres", protect: true },
      { urn: "u", type, id: "fleet/scratch" },
      { urn: "u", type: "kubernetes:core/v1:Secret", id: "fleet/kept", protect: true },
    ]),
  ).toEqual(["fleet/postgres", "fleet/prometheus"]);
});

it("removes claims, waits until they are gone, and then the namespace of the stack", async () => {
  let looks = 0;
  const { client, asked } = await fakeCluster({
    [`GET ${namespace}/persistentvolumeclaims/postgres`]: () =>
      ++looks < 3 ? { metadata: { name: "postgres" } } : undefined,
    [`GET ${namespace}`]: of("production"),
  });
  await removeVolumes(client, "production", ["fleet/postgres"]);
  expect(looks).toBe(3);
  expect(deleted(asked)).toEqual([
    `DELETE ${namespace}/persistentvolumeclaims/postgres`,
    `DELETE ${namespace}`,
  ]);
});

it("leaves a namespace that is not the stack's own", async () => {
  for (const answers of [{}, { [`GET ${namespace}`]: of("other") }]) {
    const { client, asked } = await fakeCluster(answers);
    await removeVolumes(client, "production", []);
    expect(deleted(asked)).toEqual([]);
  }
});
