import { describe, expect, it } from "vitest";
import { kubernetesSchema } from "../../../../components/platform/kubernetes/kubernetes.schema.ts";
import { objectionOf } from "../../../../infra/platforms/kubernetes/objection.ts";
import { covers } from "../../../../infra/platforms/kubernetes/permissions.ts";
import {
  fakeCluster,
  list,
  refusal,
  type Answers,
} from "../../../components/platform/kubernetes/fake-cluster.ts";

const authorization = "POST /apis/authorization.k8s.io/v1";
const everything = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const rules = (...resourceRules: readonly object[]) => ({ status: { resourceRules } });
const allowed = (yes: boolean) => ({ status: { allowed: yes } });
const namespace = "GET /api/v1/namespaces/fleet";
const named = (name: string, annotations = {}) => ({ metadata: { name, annotations } });

/** A cluster that can run everything. */
const fit: Answers = {
  [`${authorization}/selfsubjectrulesreviews`]: rules(everything),
  [`${authorization}/selfsubjectaccessreviews`]: allowed(true),
  "GET /apis/storage.k8s.io/v1/storageclasses": list(
    named("slow", { "storageclass.kubernetes.io/is-default-class": "true" }),
  ),
  "GET /apis/networking.k8s.io/v1/ingressclasses": list(named("nginx")),
  "GET /apis/scheduling.k8s.io/v1/priorityclasses": list(named("high")),
  "GET /api/v1/nodes": list({ metadata: { name: "n", labels: { disk: "ssd" } } }),
};

async function said(answers: Answers, settings: object = {}): Promise<string | undefined> {
  const { client } = await fakeCluster({ ...fit, ...answers });
  return objectionOf(client, "production", kubernetesSchema.parse(settings));
}

it("has nothing to say where everything fits", async () => {
  const settings = {
    ...{ nodeSelector: { disk: "ssd" }, priorityClassName: "high" },
    gateway: { ingress: { host: "mcp.example.com", className: "nginx" } },
  };
  expect(await said({}, settings)).toBeUndefined();
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
      "may not create namespaces, and there is no fleet; have it made",
    );
  });

  it("to look at what belongs to all is no objection", async () => {
    const forbidden = refusal(403, "may not list");
    const answers = {
      "GET /api/v1/nodes": forbidden,
      "GET /apis/storage.k8s.io/v1/storageclasses": forbidden,
    };
    const settings = { nodeSelector: { disk: "ssd" }, storage: { className: "fast" } };
    expect(await said(answers, settings)).toBeUndefined();
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
      "mcp-fleet:kubernetes.storage.className: got fast, and the cluster has no such storage class (there is slow)",
    ],
    [
      "no default storage class",
      {},
      { "GET /apis/storage.k8s.io/v1/storageclasses": list(named("a"), named("b")) },
      "the cluster has no default storage class; name one (there is a, b)",
    ],
    [
      "an unknown ingress class",
      { gateway: { ingress: { host: "x.example.com", className: "traefik" } } },
      {},
      "gateway.ingress.className: got traefik, and the cluster has no such ingress class (there is nginx)",
    ],
    [
      "an unknown priority class",
      { priorityClassName: "top" },
      {},
      "priorityClassName: got top, and the cluster has no such priority class (there is high)",
    ],
    ["labels that no node has", { nodeSelector: { gpu: "yes" } }, {}, "no node has gpu=yes"],
    [
      "a Secret that is not there",
      { images: { pullSecret: "login" } },
      { [namespace]: named("fleet") },
      "images.pullSecret: got login, and namespace fleet has no such Secret",
    ],
  ])("%s", async (_, settings, answers, words) => {
    expect(await said(answers, settings)).toContain(words);
  });
});

describe("a namespace", () => {
  const of = (stack: string, more: object = {}) => ({
    metadata: { name: "fleet", labels: { "mcp-fleet/stack": stack } },
    ...more,
  });

  it("has one stack", async () => {
    expect(await said({ [namespace]: of("production") })).toBeUndefined();
    expect(await said({ [namespace]: of("other") })).toContain("fleet belongs to stack other");
  });

  it("that is being deleted is waited for", async () => {
    const going = of("production", { status: { phase: "Terminating" } });
    expect(await said({ [namespace]: going })).toContain("is being deleted; wait until");
  });
});
