import { describe, expect, it } from "vitest";
import { UNKNOWN, type Properties } from "../../../../toolchain/plugins/bridge/values.ts";
import { diff } from "../../../../toolchain/plugins/kubernetes/diff.ts";
import type { DiffRequest } from "../../../../toolchain/plugins/rpc/provider.ts";

const FROZEN = { configMaps: false, secrets: false };

function diffOf(
  kind: string,
  before: Properties,
  after: Properties,
  more: Partial<DiffRequest> = {},
) {
  const type = `kubernetes:${kind}`;
  const [apiVersion = ""] = kind.split(":");
  const named = (object: Properties): Properties => ({
    ...{ apiVersion: apiVersion.replace("core/", ""), kind: kind.split(":")[1] ?? "" },
    ...object,
    metadata: { name: "a", namespace: "n", ...(object.metadata as Properties | undefined) },
  });
  const inputs = named(before);
  const request = { id: "n/a", urn: "", type, oldInputs: {}, ignoreChanges: [] };
  const olds = { ...inputs, __inputs: inputs };
  return diff({ ...request, olds, news: named(after), ...more }, FROZEN);
}

/** `path: kind` of each difference. */
const linesOf = (answer: ReturnType<typeof diff>) =>
  Object.entries(answer.detailedDiff ?? {}).map(([path, kind]) => `${path}: ${kind}`);

describe("what replaces an object", () => {
  it("is another role of a binding, before the old binding goes only if its name was generated", () => {
    const binding = (name: string, more: Properties = {}) => ({
      metadata: more,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
    });
    const kind = "rbac.authorization.k8s.io/v1:RoleBinding";
    const answer = diffOf(kind, binding("pods"), binding("all"));
    expect(answer.replaces).toEqual([expect.stringContaining("roleRef") as string]);
    expect(answer.deleteBeforeReplace).toBe(true);
    const autonamed = { annotations: { "pulumi.com/autonamed": "true" } };
    const generated = diffOf(kind, binding("pods", autonamed), binding("all", autonamed));
    expect(generated.replaces).toHaveLength(1);
    expect(generated.deleteBeforeReplace).toBeUndefined();
  });

  it("is not what a role allows, nor whom a binding is for", () => {
    const role = (verb: string) => ({ rules: [{ verbs: [verb], resources: ["pods"] }] });
    const answers = [
      diffOf("rbac.authorization.k8s.io/v1:Role", role("get"), role("list")),
      diffOf(
        "rbac.authorization.k8s.io/v1:RoleBinding",
        { subjects: [{ kind: "ServiceAccount", name: "a" }] },
        { subjects: [{ kind: "ServiceAccount", name: "b" }] },
      ),
    ];
    for (const answer of answers) {
      expect(answer.changes).toBe("DIFF_SOME");
      expect(answer.replaces ?? []).toEqual([]);
    }
  });

  it.each<[string, string, Properties, Properties, string]>([
    [
      "selector",
      "apps/v1:Deployment",
      { matchLabels: { a: "1" } },
      { matchLabels: { a: "2" } },
      "spec.selector.matchLabels.a",
    ],
    ["serviceName", "apps/v1:StatefulSet", {}, {}, "spec.serviceName"],
    ["template", "batch/v1:Job", { x: { name: "1" } }, { x: { name: "2" } }, "spec.template"],
    ["storageClassName", "core/v1:PersistentVolumeClaim", {}, {}, "spec.storageClassName"],
    ["clusterIP", "core/v1:Service", {}, {}, "spec.clusterIP"],
  ])("%s of %s", (name, kind, one, other, path) => {
    const value = (object: Properties, text: string) =>
      name === "selector"
        ? object
        : name === "template"
          ? { metadata: { labels: { v: text } } }
          : text;
    const answer = diffOf(
      kind,
      { spec: { [name]: value(one, "1") } },
      { spec: { [name]: value(other, "2") } },
    );
    expect(answer.replaces).toEqual([expect.stringContaining(path) as string]);
    // The name is the program's own, so there is no place for two.
    expect(answer.deleteBeforeReplace).toBe(true);
  });

  it("is nothing that a claim, a Service or a StatefulSet can change", () => {
    const claim = (storage: string) => ({ spec: { resources: { requests: { storage } } } });
    expect(diffOf("core/v1:PersistentVolumeClaim", claim("1Gi"), claim("2Gi")).replaces).toBe(
      undefined,
    );
    const service = (type: string) => ({ spec: { type } });
    expect(diffOf("core/v1:Service", service("ClusterIP"), service("NodePort")).replaces).toBe(
      undefined,
    );
    const set = (replicas: number) => ({ spec: { replicas } });
    expect(diffOf("apps/v1:StatefulSet", set(1), set(2)).replaces).toBe(undefined);
  });

  it("is data, unless the provider or the object says otherwise", () => {
    const map = (v: string, more: Properties = {}) => ({ data: { "a.conf": v }, ...more });
    const answer = diffOf("core/v1:ConfigMap", map("1"), map("2"));
    expect(linesOf(answer)).toEqual([`data["a.conf"]: UPDATE_REPLACE`]);
    const request: DiffRequest = {
      ...{ id: "n/a", urn: "", type: "kubernetes:core/v1:ConfigMap", oldInputs: {} },
      olds: { ...map("1"), metadata: { name: "a" }, __inputs: map("1") },
      news: { ...map("2"), metadata: { name: "a" } },
      ignoreChanges: [],
    };
    const mutable = { configMaps: true, secrets: true };
    expect(diff(request, mutable).replaces).toBeUndefined();
    const frozen = { ...request, news: { ...request.news, immutable: true } };
    expect(diff(frozen, mutable).replaces).toEqual([`data["a.conf"]`]);
  });

  it("is another name or namespace, made before the old one goes", () => {
    const answer = diffOf("core/v1:ConfigMap", {}, { metadata: { namespace: "m" } });
    expect(answer.replaces).toEqual(["metadata.namespace"]);
    expect(answer.deleteBeforeReplace).toBeUndefined();
  });
});

describe("differences", () => {
  const service = (spec: Properties) => ({ spec });

  it("are told member by member and element by element", () => {
    const answer = diffOf(
      "core/v1:Service",
      service({
        ports: [{ port: 80, name: "a" }, { port: 81 }],
        selector: { app: "a", "x/y": "1" },
      }),
      service({
        ports: [{ port: 82 }],
        selector: { app: "a", "x.y/z": "2" },
        sessionAffinity: "None",
      }),
    );
    expect(linesOf(answer)).toEqual([
      "spec.ports[0].name: DELETE",
      "spec.ports[0].port: UPDATE",
      "spec.ports[1]: DELETE",
      "spec.selector.x/y: DELETE",
      'spec.selector["x.y/z"]: ADD',
      "spec.sessionAffinity: ADD",
    ]);
    expect(answer.inputDiffs).toEqual(["spec.ports[0].name", "spec.ports[1]", "spec.selector.x/y"]);
  });

  it("do not come from defaults of the API server, nor from two ways to write a quantity", () => {
    const olds = {
      metadata: { name: "a", namespace: "n", resourceVersion: "7" },
      spec: { resources: { requests: { storage: "1Gi" } }, volumeMode: "Filesystem" },
      __inputs: {
        metadata: { name: "a", namespace: "n" },
        spec: { resources: { requests: { storage: "1024Mi" } } },
      },
    };
    const news = { spec: { resources: { requests: { storage: "1024Mi" } } } };
    const answer = diffOf("core/v1:PersistentVolumeClaim", {}, news, { olds });
    expect(answer).toEqual({ changes: "DIFF_NONE", hasDetailedDiff: true });
  });

  it("come from drift in what was declared", () => {
    const olds = {
      spec: { replicas: 5 },
      metadata: { name: "a" },
      __inputs: { spec: { replicas: 2 } },
    };
    const answer = diffOf(
      "apps/v1:Deployment",
      {},
      { metadata: { namespace: "default" }, spec: { replicas: 2 } },
      { olds },
    );
    expect(linesOf(answer)).toEqual(["spec.replicas: UPDATE"]);
  });

  it("that are unknown yet are differences", () => {
    const answer = diffOf(
      "core/v1:Service",
      service({ selector: { a: "1" } }),
      service({ selector: { a: UNKNOWN, b: UNKNOWN } }),
    );
    expect(linesOf(answer)).toEqual(["spec.selector.a: UPDATE", "spec.selector.b: ADD"]);
  });

  it("are passed over where the program says so", () => {
    const answer = diffOf(
      "apps/v1:Deployment",
      { spec: { replicas: 1 } },
      { spec: { replicas: 2 } },
      { ignoreChanges: ["spec.replicas"] },
    );
    expect(answer.changes).toBe("DIFF_NONE");
  });
});
