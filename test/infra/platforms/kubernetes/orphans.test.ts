import { describe, expect, it } from "vitest";
import {
  findUnknown,
  foreignObjection,
  knownObjects,
  removeOrphans,
} from "../../../../infra/platforms/kubernetes/orphans.ts";
import {
  fakeCluster,
  list,
  refusal,
} from "../../../components/platform/kubernetes/fake-cluster.ts";

const named = (name: string, lineage?: string, metadata: object = {}) => ({
  metadata: {
    ...{ name, namespace: "fleet" },
    ...(lineage !== undefined && { labels: { "mcp-fleet/lineage": lineage } }),
    ...metadata,
  },
});
const core = (plural: string) => `GET /api/v1/namespaces/fleet/${plural}`;

describe("what the state knows", () => {
  it("is a kind and a name: a Service is often named as what it leads to", () => {
    const known = knownObjects([
      { type: "pulumi:pulumi:Stack" },
      { type: "kubernetes:apps/v1:StatefulSet", id: "fleet/scene-1" },
      { type: "kubernetes:core/v1:Service", id: "fleet/scene-1" },
      { type: "pulumi:providers:kubernetes", id: "0ddba11" },
      { type: "random:index/randomPassword:RandomPassword", id: "none" },
    ]);
    expect([...known]).toEqual(["StatefulSet fleet/scene-1", "Service fleet/scene-1"]);
  });

  it("is both Secrets of live files", () => {
    const type = "pulumi-nodejs:mcpfleet:LiveSecret";
    expect([...knownObjects([{ type, id: "fleet/gateway-files" }])]).toEqual([
      "Secret fleet/gateway-files",
      "Secret fleet/gateway-files-previous",
    ]);
  });
});

describe("what it does not know", () => {
  const scene = async () =>
    fakeCluster({
      "GET /apis/apps/v1/namespaces/fleet/statefulsets": list(
        named("scene-1", "mine"),
        named("scene-2", "mine"),
        named("scene-3", "other"),
        named("going", "mine", { deletionTimestamp: "2026-01-01T12:00:00Z" }),
      ),
      [core("services")]: list(named("scene-1", "mine")),
      [core("secrets")]: list(
        named("gateway-files", "mine"),
        named("made", "mine", { ownerReferences: [{ kind: "Certificate", name: "x" }] }),
      ),
      [core("configmaps")]: list(named("helper")),
    });
  const resources = [
    { urn: "u", type: "kubernetes:apps/v1:StatefulSet", id: "fleet/scene-1" },
    { urn: "u", type: "pulumi-nodejs:mcpfleet:LiveSecret", id: "fleet/gateway-files" },
  ];

  it("is an orphan, or of another state; claims of volumes are not even asked for", async () => {
    const { client, asked } = await scene();
    const { orphans, foreign } = await findUnknown(client, "production", resources, "mine");
    const names = (objects: typeof orphans) => objects.map(({ kind, name }) => `${kind} ${name}`);
    expect(names(orphans)).toEqual(["StatefulSet scene-2", "Service scene-1", "ConfigMap helper"]);
    expect(names(foreign)).toEqual(["StatefulSet scene-3"]);
    const selected = (line: string) => line.includes("labelSelector=mcp-fleet/stack=production");
    expect(asked.every(selected)).toBe(true);
    expect(asked.join()).not.toContain("persistentvolumeclaims");
  });

  it("is none of a kind that the cluster does not have, and an error where it may not look", async () => {
    const without = await fakeCluster({});
    const nothing = await findUnknown(without.client, "production", [], undefined);
    expect(nothing).toEqual({ orphans: [], foreign: [] });
    const forbidden = await fakeCluster({ [core("secrets")]: refusal(403, "may not list") });
    await expect(findUnknown(forbidden.client, "production", [], undefined)).rejects.toThrow(
      "may not list",
    );
  });

  it("may be of a kind that only those use who may look at it", async () => {
    const path = "GET /apis/monitoring.coreos.com/v1/namespaces/fleet/prometheusrules";
    const find = async (answer: unknown) => {
      const { client } = await fakeCluster({ [path]: answer });
      return findUnknown(client, "production", [], "mine");
    };
    const { orphans } = await find(list(named("servers-rules", "mine")));
    expect(orphans).toMatchObject([{ kind: "PrometheusRule", name: "servers-rules" }]);
    expect((await find(refusal(403, "may not list"))).orphans).toEqual([]);
  });
});

it("removes what makes pods first, and what is gone already is fine", async () => {
  const { client, asked } = await fakeCluster({});
  const object = (kind: string, name: string) => ({
    ...{ kind, name, id: `fleet/${name}`, lineage: undefined },
  });
  await removeOrphans(client, [
    object("Secret", "a"),
    object("StatefulSet", "b"),
    object("Service", "c"),
  ]);
  expect(asked).toEqual([
    "DELETE /apis/apps/v1/namespaces/fleet/statefulsets/b",
    "DELETE /api/v1/namespaces/fleet/services/c",
    "DELETE /api/v1/namespaces/fleet/secrets/a",
  ]);
});

it("says what to do about a stack of the same name that another state has", () => {
  const place = { namespace: "fleet", context: "prod" };
  expect(foreignObjection(place, "production", [])).toBeUndefined();
  const object = { kind: "Service", id: "fleet/gateway", name: "gateway", lineage: "l-2" };
  const said = foreignObjection(place, "production", [object]);
  expect(said).not.toContain("prometheusrules");
  const rules = { ...object, kind: "PrometheusRule" };
  expect(foreignObjection(place, "production", [object, rules])).toContain("prometheusrules");
  expect(said).toContain("1 object(s) that this state does not know, such as Service gateway");
  expect(said).toMatch(
    /kubectl delete .*statefulsets.* --context prod --namespace fleet --selector mcp-fleet\/lineage=l-2$/,
  );
});
