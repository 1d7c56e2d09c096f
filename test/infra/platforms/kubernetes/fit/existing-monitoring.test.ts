import { describe, expect, it } from "vitest";
import { kubernetesSchema } from "../../../../../components/platform/kubernetes/kubernetes.schema.ts";
import { loadFleet } from "../../../../../infra/config/index.ts";
import { claimsOf, partsOf } from "../../../../../infra/platforms/kubernetes/fit/demand.ts";
import { rootDir } from "../../../../../infra/root-dir.ts";
import { list } from "../../../../components/platform/kubernetes/fake-cluster.ts";
import { allowed, authorization, fit, rules, said } from "./fit-cluster.ts";

const existing = { prometheus: { service: "prometheus", namespace: "monitoring" } };
const settings = { monitoring: { existing } };
const complete = {
  "GET /apis/monitoring.coreos.com/v1": {
    resources: [{ name: "podmonitors" }, { name: "prometheusrules" }],
  },
  "GET /api/v1/namespaces/monitoring/services/prometheus": { spec: { ports: [{ port: 9090 }] } },
  "GET /apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices": list({
    ports: [{ port: 9090 }],
    endpoints: [{ conditions: {}, targetRef: { kind: "Pod", name: "prometheus-0" } }],
  }),
};

describe("a Prometheus of the cluster in place of the fleet's", () => {
  it("is fine where it runs, can be asked, and has an operator with both kinds", async () => {
    expect(await said(complete, settings)).toBeUndefined();
  });

  it.each([
    ["podmonitors", [{ name: "prometheusrules" }]],
    ["prometheusrules", [{ name: "podmonitors" }]],
    ["podmonitors, prometheusrules", []],
  ])("needs the operator's kinds: %s are missing", async (missing, resources) => {
    const answers = { ...complete, "GET /apis/monitoring.coreos.com/v1": { resources } };
    expect(await said(answers, settings)).toContain(
      `mcp-fleet:kubernetes.monitoring.existing: the cluster has no ${missing} of monitoring.coreos.com/v1; install`,
    );
  });

  it("has to be there", async () => {
    const answers = {
      ...complete,
      "GET /api/v1/namespaces/monitoring/services/prometheus": undefined,
    };
    expect(await said(answers, settings)).toContain(
      "mcp-fleet:kubernetes.monitoring.existing.prometheus: there is no Service prometheus of namespace monitoring; correct",
    );
  });

  it("need not run: a fix must not wait for it", async () => {
    const slices = "GET /apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices";
    const { objection, warnings } = await fit({ ...complete, [slices]: list() }, settings);
    expect(objection).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringContaining(
        "no ready pod is behind Service prometheus of namespace monitoring; until",
      ),
    ]);
  });

  it("needs rights in its namespace and on the operator's kinds, and none for accounts", async () => {
    const denied = ["services", "endpointslices", "pods/portforward"];
    const answers = {
      ...complete,
      [`${authorization}/selfsubjectrulesreviews`]: rules(),
      [`${authorization}/selfsubjectaccessreviews`]: ({ spec }: Review) => {
        const { namespace, resource, subresource, verb } = spec.resourceAttributes;
        const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
        if (namespace === "monitoring") return allowed(!denied.includes(whole));
        const accounts = ["serviceaccounts", "roles", "rolebindings"].includes(resource);
        if (accounts) return allowed(["list", "delete"].includes(verb));
        return allowed(resource !== "podmonitors");
      },
    };
    const objection = await said(answers, settings);
    for (const words of [
      "may not get, list, watch, create, patch, delete podmonitors.monitoring.coreos.com in namespace fleet",
      "may not get services in namespace monitoring, as mcp-fleet:kubernetes.monitoring.existing needs it",
      "may not list endpointslices.discovery.k8s.io in namespace monitoring",
      "may not get, create pods/portforward in namespace monitoring",
    ]) {
      expect(objection).toContain(words);
    }
    expect(objection).toContain("has 4 problem(s)");
  });

  it("asks the cluster for no room for monitoring of our own", () => {
    const { fleet } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
    const asked = { fleet, settings: kubernetesSchema.parse(settings), grafana: false };
    const own = ["prometheus", "alertmanager", "grafana"];
    const owners = [...partsOf(asked), ...claimsOf(asked)].map(({ owner }) => owner);
    expect(owners.filter((owner) => own.includes(owner))).toEqual([]);
    expect(claimsOf(asked).map(({ owner }) => owner)).toEqual(["postgres"]);
  });
});

interface Review {
  readonly spec: {
    readonly resourceAttributes: {
      readonly namespace?: string;
      readonly resource: string;
      readonly subresource?: string;
      readonly verb: string;
    };
  };
}
