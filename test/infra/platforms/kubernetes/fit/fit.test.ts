import { describe, expect, it } from "vitest";
import type { Answers } from "../../../../components/platform/kubernetes/fake-cluster.ts";
import { covers } from "../../../../../infra/platforms/kubernetes/fit/permissions.ts";
import { list, refusal } from "../../../../components/platform/kubernetes/fake-cluster.ts";
import {
  allowed,
  asked,
  authorization,
  everything,
  fit,
  named,
  namespace,
  quota,
  rules,
  said,
} from "./fit-cluster.ts";

it("has nothing to say where everything fits", async () => {
  const settings = {
    ...{ nodeSelector: { disk: "ssd" }, priorityClassName: "high" },
    gateway: { ingress: { host: "mcp.example.com", className: "nginx" } },
  };
  expect(await fit({}, settings)).toEqual({ objection: undefined, warnings: [] });
});

it("says all problems in one message, in the same order every time", async () => {
  const { objection } = await fit(
    { "GET /api/v1/namespaces/fleet/resourcequotas": list(quota({ pods: "3" })) },
    {
      ...{ storage: { className: "fast" }, priorityClassName: "top" },
      ...{ images: { pullSecret: "login" } },
      gateway: { ingress: { host: "x.example.com", className: "traefik", tlsSecret: "tls" } },
    },
  );
  const [first, ...lines] = objection!.split("\n");
  expect(first).toMatch(/^the cluster at http:\/\/127.0.0.1:\d+ has 6 problem\(s\):$/);
  expect(lines.map((line) => line.trim().split(/[:;,] /)[0])).toEqual([
    "mcp-fleet:kubernetes.images.pullSecret",
    "mcp-fleet:kubernetes.gateway.ingress.tlsSecret",
    "mcp-fleet:kubernetes.storage.className",
    "mcp-fleet:kubernetes.gateway.ingress.className",
    "mcp-fleet:kubernetes.priorityClassName",
    "ResourceQuota compute of namespace fleet",
  ]);
});

it("asks each thing once", async () => {
  const { cluster } = await asked({});
  const read = cluster.asked.filter((question) => question.startsWith("GET "));
  expect(new Set(read).size).toBe(read.length);
  expect(cluster.asked.length).toBeLessThan(10);
});

interface Review {
  readonly spec: {
    readonly resourceAttributes: {
      readonly resource: string;
      readonly verb: string;
      readonly subresource?: string;
    };
  };
}

describe("a missing permission", () => {
  it("is named by verb and resource, and asked for one by one before it is said", async () => {
    const objection = await said({
      [`${authorization}/selfsubjectrulesreviews`]: rules(),
      [`${authorization}/selfsubjectaccessreviews`]: ({ spec }: Review) => {
        const { resource, verb, subresource } = spec.resourceAttributes;
        if (resource === "statefulsets") return allowed(verb === "get" || verb === "list");
        return allowed(subresource !== "exec" || verb !== "create");
      },
    });
    expect(objection).toContain("has 2 problem(s):");
    expect(objection).toContain(
      "you may not watch, create, patch, delete statefulsets.apps in namespace fleet; have a Role",
    );
    expect(objection).toContain("you may not create pods/exec in namespace fleet");
  });

  it("to make the namespace is said where there is none", async () => {
    const answers = { [`${authorization}/selfsubjectaccessreviews`]: allowed(false) };
    expect(await said(answers)).toContain(
      "you may not create, patch namespaces, and there is no fleet; have it made",
    );
  });

  it("to label the namespace that is there is said", async () => {
    const answers = {
      [namespace]: named("fleet"),
      [`${authorization}/selfsubjectaccessreviews`]: allowed(false),
    };
    expect(await said(answers)).toContain(
      "you may not patch namespace fleet, which has to get its labels; have a Role",
    );
  });

  it("for an ingress or an autoscaler is asked for where the settings want one", async () => {
    const reader = { ...everything, verbs: ["list", "delete"] };
    const others = [
      ...["deployments", "statefulsets", "jobs", "services", "secrets", "networkpolicies"],
      ...["persistentvolumeclaims", "poddisruptionbudgets", "serviceaccounts", "roles"],
      ...["rolebindings", "replicasets", "pods", "pods/log", "pods/exec", "pods/portforward"],
    ];
    const answers = {
      [`${authorization}/selfsubjectrulesreviews`]: rules(reader, {
        ...everything,
        resources: others,
      }),
      [namespace]: named("fleet", {}, { "mcp-fleet/stack": "production" }),
      [`${authorization}/selfsubjectaccessreviews`]: allowed(false),
    };
    expect(await said(answers)).toBeUndefined();
    const settings = {
      autoscaling: { maxReplicas: 4 },
      gateway: { ingress: { host: "x.example.com", className: "nginx" } },
    };
    const objection = await said(answers, settings);
    expect(objection).toContain("has 2 problem(s)");
    for (const what of ["ingresses.networking.k8s.io", "horizontalpodautoscalers.autoscaling"])
      expect(objection).toContain(`you may not get, watch, create, patch ${what} in`);
  });

  it("to look at what belongs to all is no objection, and said", async () => {
    const forbidden = refusal(403, "may not list");
    const answers = {
      "GET /api/v1/nodes": forbidden,
      "GET /apis/storage.k8s.io/v1/storageclasses": forbidden,
      "GET /api/v1/namespaces/fleet/resourcequotas": forbidden,
      "GET /api/v1/namespaces/fleet/limitranges": forbidden,
    };
    const settings = { nodeSelector: { disk: "ssd" }, storage: { className: "fast" } };
    expect(await fit(answers, settings)).toEqual({
      objection: undefined,
      warnings: [
        "not checked, for you may not list them: storageclasses (mcp-fleet:kubernetes.storage.className), " +
          "nodes (mcp-fleet:kubernetes.nodeSelector), resourcequotas, limitranges",
      ],
    });
  });
});

describe("covers", () => {
  const exec = { group: "", resource: "pods/exec", verb: "create" };
  it.each([
    [everything, true],
    [{ verbs: ["create"], apiGroups: [""], resources: ["pods/exec"] }, true],
    [{ verbs: ["create"], apiGroups: [""], resources: ["*/exec"] }, true],
    [{ verbs: ["create"], apiGroups: [""], resources: ["pods"] }, false],
    [{ verbs: ["get"], apiGroups: [""], resources: ["pods/exec"] }, false],
    [{ verbs: ["create"], apiGroups: ["apps"], resources: ["pods/exec"] }, false],
    [{ ...everything, resourceNames: ["one"] }, false],
    [{ verbs: ["create"] }, false],
  ])("%j: %j", (rule, expected) => {
    expect(covers(rule, exec)).toBe(expected);
  });
});

describe("bad settings", () => {
  it.each<[string, object, Answers, string]>([
    [
      "an unknown storage class",
      { storage: { className: "fast" } },
      {},
      "mcp-fleet:kubernetes.storage.className: got fast; the cluster has no such storage class; set it to one that there is: slow",
    ],
    [
      "no default storage class",
      {},
      { "GET /apis/storage.k8s.io/v1/storageclasses": list(named("a"), named("b")) },
      "storage.className: not set, and the cluster has no default storage class; set it to one that there is: a, b",
    ],
    [
      "an unknown ingress class",
      { gateway: { ingress: { host: "x.example.com", className: "traefik" } } },
      {},
      "gateway.ingress.className: got traefik; the cluster has no such ingress class; set it to one that there is: nginx",
    ],
    [
      "no default ingress class",
      { gateway: { ingress: { host: "x.example.com" } } },
      {},
      "gateway.ingress.className: not set, and the cluster has no default ingress class; set it to one that there is: nginx",
    ],
    [
      "no ingress class at all",
      { gateway: { ingress: { host: "x.example.com" } } },
      { "GET /apis/networking.k8s.io/v1/ingressclasses": list() },
      "no default ingress class; there is none at all: have one made",
    ],
    [
      "an unknown priority class",
      { priorityClassName: "top" },
      {},
      "priorityClassName: got top; the cluster has no such priority class; set it to one that there is: high",
    ],
    [
      "a Secret that is not there",
      { images: { pullSecret: "login" } },
      { [namespace]: named("fleet") },
      "images.pullSecret: got login; namespace fleet has no such Secret; make it: kubectl create secret docker-registry login --namespace fleet ...",
    ],
    [
      "a Secret in a namespace that is not there",
      { images: { pullSecret: "login" } },
      {},
      "make it: kubectl create namespace fleet; kubectl create secret docker-registry login",
    ],
    [
      "a Secret of another type",
      { images: { pullSecret: "login" } },
      { "GET /api/v1/namespaces/fleet/secrets/login": { ...named("login"), type: "Opaque" } },
      "got login, a Secret of type Opaque; it has to be kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg",
    ],
    [
      "a certificate that is not there",
      { gateway: { ingress: { host: "x.example.com", className: "nginx", tlsSecret: "tls" } } },
      {},
      "gateway.ingress.tlsSecret: got tls; namespace fleet has no such Secret; make it: kubectl create namespace fleet; kubectl create secret tls tls",
    ],
  ])("%s", async (_, settings, answers, words) => {
    expect(await said(answers, settings)).toContain(words);
  });

  it("are none of what may come later", async () => {
    const annotations = { "cert-manager.io/cluster-issuer": "letsencrypt" };
    const ingress = { host: "x.example.com", className: "nginx", tlsSecret: "tls", annotations };
    expect(await fit({}, { nodeSelector: { gpu: "yes" }, gateway: { ingress } })).toEqual({
      objection: undefined,
      warnings: [
        "mcp-fleet:kubernetes.gateway.ingress.tlsSecret: got tls; namespace fleet has no such Secret yet; it has to come by cert-manager.io/cluster-issuer",
        "mcp-fleet:kubernetes.nodeSelector: none of 1 node(s) has gpu=yes; unless nodes with it come when they are needed, correct it or label those that are meant",
      ],
    });
  });

  it("are none where the class with the old annotation is the default", async () => {
    const old = named("a", { "storageclass.beta.kubernetes.io/is-default-class": "true" });
    const answers = { "GET /apis/storage.k8s.io/v1/storageclasses": list(old) };
    expect(await said(answers)).toBeUndefined();
  });
});

describe("a namespace", () => {
  const of = (stack: string, more: object = {}) => ({
    metadata: { name: "fleet", labels: { "mcp-fleet/stack": stack } },
    ...more,
  });

  it("has one stack", async () => {
    expect(await said({ [namespace]: of("production") })).toBeUndefined();
    expect(await said({ [namespace]: of("other") })).toContain(
      "got fleet, which belongs to stack other; a namespace has one stack",
    );
  });

  it("that is being deleted is waited for", async () => {
    const going = of("production", { status: { phase: "Terminating" } });
    expect(await said({ [namespace]: going })).toContain("is being deleted; wait until");
  });
});

describe("rules for an operator", () => {
  const settings = { monitoring: { prometheusRules: {} } };
  const definitions = "GET /apis/monitoring.coreos.com/v1";
  const missing =
    "mcp-fleet:kubernetes.monitoring.prometheusRules: the cluster has no prometheusrules of monitoring.coreos.com/v1; install";

  it.each([
    ["nothing of the operator", {}, missing],
    ["another kind of it", { [definitions]: { resources: [{ name: "podmonitors" }] } }, missing],
    ["its kinds", { [definitions]: { resources: [{ name: "prometheusrules" }] } }, undefined],
    ["to be asked by others", { [definitions]: refusal(403, "may not get") }, undefined],
  ])("want a cluster that has the kind: it has %s", async (_, answers, words) => {
    const objection = await said(answers, settings);
    if (words === undefined) expect(objection).toBeUndefined();
    else expect(objection).toContain(words);
    expect(await said(answers)).toBeUndefined();
  });

  it("and dashboards want permissions that nobody else needs", async () => {
    const answers = {
      [`${authorization}/selfsubjectrulesreviews`]: rules(),
      [`${authorization}/selfsubjectaccessreviews`]: ({ spec }: Review) => {
        const { resource, verb } = spec.resourceAttributes;
        const mine = resource === "configmaps" && ["list", "delete"].includes(verb);
        return allowed(mine || !["prometheusrules", "configmaps"].includes(resource));
      },
      [definitions]: { resources: [{ name: "prometheusrules" }] },
    };
    expect(await said(answers)).toBeUndefined();
    const both = { monitoring: { prometheusRules: {}, dashboards: {} } };
    const objection = await said(answers, both);
    expect(objection).toMatch(
      /may not get, list, watch, create, patch, delete prometheusrules.monitoring.coreos.com in namespace fleet; have a Role with it bound to you$/m,
    );
    expect(objection).toContain("may not get, watch, create, patch configmaps in namespace fleet");
  });
});
