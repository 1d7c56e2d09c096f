import { describe, expect, it } from "vitest";
import { list } from "../../../../components/platform/kubernetes/fake-cluster.ts";
import { fit, quota, said } from "./fit-cluster.ts";

const quotas = "GET /api/v1/namespaces/fleet/resourcequotas";
const sets = "GET /apis/apps/v1/namespaces/fleet/statefulsets";
const claims = "GET /api/v1/namespaces/fleet/persistentvolumeclaims";
const of = (hard: object, used: object = {}, spec: object = {}) => ({
  [quotas]: list(quota(hard, used, spec)),
});

/** Ten servers and the gateway twice each, and six other parts once. */
const pods = 28;

interface Live {
  readonly replicas?: number;
  readonly memory?: string;
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A server's set as the last release made it: with the defaults of the fleet file. */
function set(component: string, { replicas = 2, memory = "160Mi", image, env = {} }: Live = {}) {
  const resources = { requests: { cpu: "100m", memory }, limits: { cpu: "1", memory } };
  const container = {
    ...{ name: component, image: image ?? "mcp-fleet/mcp-server:1", resources },
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  };
  return {
    metadata: { name: `${component}-1a2b3c4`, labels: { "mcp-fleet/component": component } },
    spec: { replicas, template: { spec: { containers: [container] } } },
  };
}

describe("a quota", () => {
  it("that suffices for a release and the next is none", async () => {
    expect(await fit(of({ pods: "30", services: "18", "count/configmaps": "0" }))).toEqual({
      objection: undefined,
      warnings: [],
    });
  });

  it("of pods that is too small says how many there have to be", async () => {
    expect(await said(of({ pods: "20" }))).toContain(
      `ResourceQuota compute of namespace fleet, pods: got 20; the fleet asks for ${pods}; raise it to ${pods}, ` +
        "or lower mcp-fleet:kubernetes.replicas or mcp-fleet:kubernetes.gateway.replicas",
    );
    const settings = { replicas: 1, gateway: { replicas: 1 } };
    expect(await said(of({ pods: "20" }), settings)).toBeUndefined();
  });

  it("of which others use a part says so", async () => {
    expect(await said(of({ "count/pods": "30" }, { "count/pods": "5" }))).toContain(
      `count/pods: got 30, of which others use 5; the fleet asks for ${pods}; raise it to 33`,
    );
  });

  it("that is too small for two releases of a server is a warning", async () => {
    const { objection, warnings } = await fit(of({ pods: "29" }));
    expect(objection).toBeUndefined();
    expect(warnings).toEqual([
      `ResourceQuota compute of namespace fleet, pods: got 29; that is enough for the fleet (${pods}), not for a change of book-planning, ` +
        "whose old and new pods live side by side until the new ones are proven; raise it to 30",
    ]);
  });

  it("that is too small for what autoscaling may add is a warning", async () => {
    const { warnings } = await fit(of({ pods: "40" }), { autoscaling: { maxReplicas: 4 } });
    expect(warnings).toEqual([
      "ResourceQuota compute of namespace fleet, pods: got 40; with as many pods as mcp-fleet:kubernetes.autoscaling.maxReplicas allows the fleet asks for 48; raise it to 48, or lower that",
    ]);
  });

  it("counts what the stack has already as its own, and once", async () => {
    const live = { [sets]: list(set("scene"), set("review")) };
    expect(await said({ ...of({ pods: "30" }, { pods: "4" }), ...live })).toBeUndefined();
  });

  it.each<[string, Live, readonly string[]]>([
    ["memory", { memory: "128Mi" }, []],
    ["image", {}, ["servers.scene.image=registry.example.com/scene:2"]],
    ["environment", { env: { ROUND: "1" } }, ["servers.scene.env.ROUND=2"]],
  ])("counts both releases of a server whose %s changes", async (_, before, changed) => {
    const answers = { ...of({ pods: "29" }, { pods: "2" }), [sets]: list(set("scene", before)) };
    expect(await said(answers, {}, changed)).toContain(
      `pods: got 29; the fleet asks for ${pods}, and the old pods of scene, which stay until the new ones are proven, have 2; raise it to 30`,
    );
  });

  it("counts a server that is taken out until the fleet without it is proven", async () => {
    const answers = { ...of({ pods: "29" }, { pods: "2" }), [sets]: list(set("retired")) };
    expect(await said(answers)).toContain("and the old pods of retired, which stay");
  });

  it.each([
    ["cpu", "1", /cpu: got 1; the fleet asks for \d+m; .* lower mcp-fleet:.*cpuRequestPercent/],
    ["limits.cpu", "2500m", /limits.cpu: got 2500m; the fleet asks for \d+(m|); .*cpus of servers/],
    ["requests.memory", "1G", /requests.memory: got 1G; the fleet asks for \d+[MG]i; .*memoryMb/],
    ["limits.memory", "4Gi", /limits.memory: got 4Gi; .* lower memoryMb of servers/],
    [
      "requests.storage",
      "20Gi",
      /got 20Gi; the fleet asks for 40Gi; raise it to 40Gi, or .*postgresGi/,
    ],
    ["persistentvolumeclaims", "2", /claims: got 2; the fleet asks for 3; raise it to 3/],
    ["services", "5", /services: got 5; the fleet asks for 17; raise it to 17/],
    ["count/statefulsets.apps", "5", /got 5; the fleet asks for 13/],
    ["count/deployments.apps", "1", /got 1; the fleet asks for 4/],
  ])("of %s", async (what, hard, words) => {
    expect(await said(of({ [what]: hard }))).toMatch(words);
  });

  it("of one storage class", async () => {
    const hard = { "fast.storageclass.storage.k8s.io/requests.storage": "5Gi" };
    expect(await said(of(hard))).toBeUndefined();
    const classes = list({ metadata: { name: "fast" } });
    const answers = { ...of(hard), "GET /apis/storage.k8s.io/v1/storageclasses": classes };
    expect(await said(answers, { storage: { className: "fast" } })).toMatch(
      /got 5Gi; the fleet asks for 40Gi; .*lower mcp-fleet:kubernetes.storage.postgresGi/,
    );
  });

  it("of volumes counts those that outlived the stack once", async () => {
    const claim = { spec: { resources: { requests: { storage: "20Gi" } } } };
    const answers = {
      ...of({ "requests.storage": "40Gi" }, { "requests.storage": "20Gi" }),
      [claims]: list({ metadata: { name: "postgres-17" }, ...claim }),
    };
    expect(await said(answers)).toBeUndefined();
  });
});

describe("a quota for some pods only", () => {
  const priority = (operator: string, ...values: string[]) => ({
    scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] },
  });
  it.each<[string, object, object, boolean]>([
    ["without requests", { scopes: ["BestEffort"] }, {}, false],
    ["with requests", { scopes: ["NotBestEffort"] }, {}, true],
    ["with a deadline", { scopes: ["Terminating"] }, {}, false],
    ["without a deadline", { scopes: ["NotTerminating"] }, {}, true],
    ["of a priority", priority("In", "high"), { priorityClassName: "high" }, true],
    ["of another priority", priority("In", "low"), { priorityClassName: "high" }, false],
    ["of a priority, and these have none", priority("In", "low"), {}, false],
    ["of all priorities but one", priority("NotIn", "high"), { priorityClassName: "high" }, false],
    ["of any priority", priority("Exists"), { priorityClassName: "high" }, true],
    ["of any priority, and these have none", { scopes: ["PriorityClass"] }, {}, false],
    ["of no priority", priority("DoesNotExist"), {}, true],
  ])("%s", async (_, spec, settings, counts) => {
    const objection = await said(of({ pods: "1" }, {}, spec), settings);
    expect(objection !== undefined).toBe(counts);
  });
});
