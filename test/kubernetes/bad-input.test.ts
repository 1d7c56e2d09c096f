import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { loadFleet } from "../../infra/config/index.ts";
import { workloadKinds } from "../../infra/platforms/kubernetes/kinds.ts";
import { KubernetesSite } from "../../infra/platforms/kubernetes/kubernetes-site.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "../cli/run-fleet.ts";
import { openLab, type Lab } from "./support/lab.ts";

/** What a cluster has against a fleet, by the command line: one message, exit code 1, and nothing is made. */

let lab: Lab;
let sandbox: Sandbox;
const context = "lab";

beforeAll(async () => {
  sandbox = makeSandbox();
  lab = await openLab();
  const config = parse(readFileSync(lab.kubeconfig, "utf8")) as {
    contexts: { name: string }[];
    "current-context": string;
  };
  config.contexts[0]!.name = context;
  config["current-context"] = context;
  sandbox.write("kubeconfig", stringify(config));
});

afterAll(async () => {
  sandbox.remove();
  await lab.close();
});

/** Settings of a stack in the lab's namespace. */
async function run(command: string, kubernetes: object, args: readonly string[] = []) {
  const settings = {
    ...{ context, kubeconfig: `${sandbox.dir}/kubeconfig`, namespace: lab.namespace },
    ...kubernetes,
  };
  const config = { "mcp-fleet:platform": "kubernetes", "mcp-fleet:kubernetes": settings };
  sandbox.writeStackFile(lab.stack, stringify({ config }));
  return runFleet([command, "--stack", lab.stack, ...args], sandbox.env);
}

/** What a command that is refused says, line by line; it leaves nothing in the namespace. */
async function refusedBy(command: string, kubernetes: object, args?: readonly string[]) {
  const { code, stdout, stderr } = await run(command, kubernetes, args);
  expect([code, stdout], stderr).toEqual([1, ""]);
  for (const { group, plural } of workloadKinds)
    expect(await lab.client.api.list(lab.client.path(group, plural))).toEqual([]);
  return stderr.trimEnd().split("\n");
}

const make = (group: string, plural: string, object: object) =>
  lab.client.api.post(lab.client.path(group, plural), object);
const remove = (group: string, plural: string, name: string) =>
  lab.client.api.delete(lab.client.path(group, plural, name));

it.each(["up", "preview"])(
  "%s names all classes and Secrets that are not there at once",
  async (command) => {
    const [first, ...problems] = await refusedBy(command, {
      ...{
        storage: { className: "fast" },
        priorityClassName: "top",
        images: { pullSecret: "login" },
      },
      gateway: { ingress: { host: "mcp.example.com", className: "nginx", tlsSecret: "tls" } },
    });
    expect(first).toMatch(/^the cluster at https:.* has 5 problem\(s\):$/);
    const setting = "  mcp-fleet:kubernetes.";
    const secret = (name: string, kind: string) =>
      `got ${name}; namespace ${lab.namespace} has no such Secret; make it: kubectl create secret ${kind} ${name} --namespace ${lab.namespace} ...`;
    expect(problems.slice(0, 2)).toEqual([
      `${setting}images.pullSecret: ${secret("login", "docker-registry")}`,
      `${setting}gateway.ingress.tlsSecret: ${secret("tls", "tls")}`,
    ]);
    expect(problems[2]).toMatch(
      /storage.className: got fast; the cluster has no such storage class; set it to one that there is: \S+/,
    );
    expect(problems[3]).toContain(
      "gateway.ingress.className: got nginx; the cluster has no such ingress class; there is none at all: have one made",
    );
    expect(problems[4]).toContain(
      "priorityClassName: got top; the cluster has no such priority class; set it to one that there is: system-cluster-critical, system-node-critical",
    );
    expect(problems).toHaveLength(5);
  },
);

it("a Secret of the wrong type, and labels that no node has", async () => {
  await make("v1", "secrets", { metadata: { name: "login" }, stringData: { token: "t" } });
  const lines = await refusedBy("up", {
    ...{ images: { pullSecret: "login" }, nodeSelector: { gpu: "yes" } },
  });
  await remove("v1", "secrets", "login");
  expect(lines[1]).toContain(
    "got login, a Secret of type Opaque; it has to be kubernetes.io/docker",
  );
});

it("a quota that is too small for the fleet beside others, and rules for single pods", async () => {
  await make("v1", "resourcequotas", {
    metadata: { name: "compute" },
    spec: { hard: { pods: "20", "requests.memory": "1Gi", "requests.storage": "10Gi" } },
  });
  await make("v1", "limitranges", {
    metadata: { name: "bounds" },
    spec: { limits: [{ type: "Container", maxLimitRequestRatio: { cpu: "4" } }] },
  });
  const [first, ...problems] = await refusedBy("up", {}).finally(async () => {
    await remove("v1", "resourcequotas", "compute");
    await remove("v1", "limitranges", "bounds");
  });
  expect(first).toContain("has 4 problem(s):");
  const text = problems.sort().join("\n");
  expect(text).toMatch(
    /LimitRange bounds .* set mcp-fleet:kubernetes.cpuRequestPercent to 25 or more/,
  );
  expect(text).toMatch(
    /ResourceQuota compute .*, pods: got 20; the fleet asks for 28; raise it to 28/,
  );
  expect(text).toMatch(
    /requests.memory: got 1Gi; the fleet asks for \d+[MG]i; .*memoryMb of servers/,
  );
  expect(text).toMatch(/requests.storage: got 10Gi; the fleet asks for 40Gi; .*storage.postgresGi/);
});

it("a namespace of another stack", async () => {
  const other = randomStack("other");
  const config = {
    "mcp-fleet:platform": "kubernetes",
    "mcp-fleet:kubernetes": {
      ...{ context, kubeconfig: `${sandbox.dir}/kubeconfig`, namespace: lab.namespace },
    },
  };
  sandbox.writeStackFile(other, stringify({ config }));
  const { code, stderr } = await runFleet(["up", "--stack", other], sandbox.env);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `mcp-fleet:kubernetes.namespace: got ${lab.namespace}, which belongs to stack ${lab.stack}; a namespace has one stack: set another one`,
  );
});

/** A kubeconfig of an account that has one of the cluster's own roles in the namespace. */
async function kubeconfigOf(role: string): Promise<string> {
  const { client, namespace } = lab;
  await make("v1", "serviceaccounts", { metadata: { name: role } });
  await make("rbac.authorization.k8s.io/v1", "rolebindings", {
    metadata: { name: role },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", name: role, namespace }],
  });
  const { status } = await client.api.post<{ readonly status: { readonly token: string } }>(
    `${client.path("v1", "serviceaccounts", role)}/token`,
    { spec: {} },
  );
  const config = parse(readFileSync(`${sandbox.dir}/kubeconfig`, "utf8")) as {
    users: { user: unknown }[];
  };
  config.users[0]!.user = { token: status.token };
  return sandbox.write(role, stringify(config));
}

it("a user without rights: which verbs on which resources", async () => {
  const lines = await refusedBy("up", { kubeconfig: await kubeconfigOf("view") });
  const of = `in namespace ${lab.namespace}; have a Role with it bound to you, or the ClusterRole admin`;
  expect(lines).toEqual(
    expect.arrayContaining([
      `  you may not create, patch, delete statefulsets.apps ${of}`,
      `  you may not get, list, watch, create, patch, delete, update secrets ${of}`,
      `  you may not patch pods ${of}`,
      `  you may not get, create pods/exec ${of}`,
    ]),
  );
});

/** What the check says in this process, and what it costs. */
async function fit(kubeconfig: string) {
  const { namespace, stack } = lab;
  const site = await KubernetesSite.open({ platform: "kubernetes", namespace, kubeconfig }, stack);
  await site.ping();
  const { fleet } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
  const before = process.cpuUsage();
  const found = await site.fit(fleet, false);
  const { user, system } = process.cpuUsage(before);
  await site.close();
  return { found, cpuMs: (user + system) / 1000 };
}

it("not a user with the ClusterRole admin, who may not look at classes", async () => {
  const { found } = await fit(await kubeconfigOf("admin"));
  expect(found).toEqual({
    objection: undefined,
    warnings: [
      "not checked, for you may not list them: storageclasses (mcp-fleet:kubernetes.storage.className)",
    ],
  });
});

it("nothing where everything is there, and that costs little", async () => {
  const { found, cpuMs } = await fit(lab.kubeconfig);
  console.log(`fit: ${cpuMs.toFixed(0)} ms of processor`);
  expect(found).toEqual({ objection: undefined, warnings: [] });
  expect(cpuMs).toBeLessThan(300);
});

it.each(["up", "preview"])("%s with a context that is not in the kubeconfig", async (command) => {
  expect(await refusedBy(command, { context: "labb" })).toEqual([
    `kubeconfig ${sandbox.dir}/kubeconfig has no context labb; correct kubernetes.context (it has lab)`,
  ]);
});
