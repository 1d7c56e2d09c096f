import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { KubernetesSite } from "../../infra/platforms/kubernetes/kubernetes-site.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { makeSet, openLab, type Lab } from "./support/lab.ts";
import { eventually } from "./support/pods.ts";

const { fleet } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
let lab: Lab;
let site: KubernetesSite;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "fleet-site-"));
  lab = await openLab();
  const { namespace, kubeconfig, stack } = lab;
  site = await KubernetesSite.open({ platform: "kubernetes", namespace, kubeconfig }, stack);
  await makeSet(lab, "gateway", { replicas: 2, args: ["serve", "8080"] });
  await makeSet(lab, "sick", { args: ["nothing"] });
  await makeSet(lab, "foreign", { args: ["pause"], labels: { "mcp-fleet/lineage": "theirs" } });
  await eventually("one runs, the other does not", 60, async () => {
    const parts = await site.checkParts();
    const gateway = parts.find(({ component }) => component === "gateway");
    const sick = parts.find(({ component }) => component === "sick");
    return gateway?.healthy && sick?.detail.includes("again") ? true : undefined;
  });
});

afterAll(async () => {
  await site.close();
  await lab.close();
  rmSync(scratch, { recursive: true, force: true });
});

it("answers, and has nothing against the stack", async () => {
  await site.ping();
  expect(await site.fit(fleet, false)).toEqual({ objection: undefined, warnings: [] });
  expect(site.place.cluster?.authority).toMatch(/^[0-9a-f]{16}$/);
});

it("reports one line per component", async () => {
  const parts = await site.checkParts();
  expect(parts.map(({ component, healthy }) => [component, healthy])).toEqual([
    ["foreign", true],
    ["gateway", true],
    ["sick", false],
  ]);
  expect(parts[1]!.detail).toBe("2 of 2 pods ready");
  expect(parts[2]!.detail).toMatch(/^0 of 1 pod ready.*ended with code 1/);
});

it("reaches a Service's address, and that of clients, through the API server", async () => {
  const text = async (url: string) => (await (await site.fetch(url)).text()).trim();
  const host = `gateway.${lab.namespace}.svc.cluster.local`;
  expect(await text(`http://${host}:8080/a`)).toMatch(/^gateway-\d:8080\/a$/);
  expect(await text("https://mcp.example.invalid/b")).toMatch(/^gateway-\d:8080\/b$/);
});

it("keeps the words of what failed, those of the run that ended too", async () => {
  const folder = mkdtempSync(join(scratch, "evidence-"));
  const sick = (labels: Readonly<Record<string, string>>) =>
    labels["mcp-fleet/component"] === "sick";
  const [words] = await site.collectEvidence(folder, { wanted: sick, failed: sick });
  expect(words).toMatchObject({ object: "sick-0" });
  expect(words!.lines.join()).toContain('no program "nothing"');
  const kept = readdirSync(folder);
  expect(kept).toEqual(expect.arrayContaining(["sick-0.json", "statefulset-sick.json"]));
  expect(kept.some((name) => name.endsWith(".log"))).toBe(true);
  expect(readFileSync(join(folder, "sick-0.json"), "utf8")).toContain("Started container");
});

it("finds what the state does not know, and removes it", async () => {
  const known = [
    {
      ...{ urn: "u", type: "kubernetes:apps/v1:StatefulSet" },
      id: `${lab.namespace}/gateway`,
    },
  ];
  const { orphans, foreign } = await site.findUnknown(known, "mine");
  expect(orphans.map(({ name }) => name)).toEqual(["sick"]);
  expect(foreign.map(({ name }) => name)).toEqual(["foreign"]);
  expect(site.foreignObjection(foreign)).toContain("such as StatefulSet foreign");
  await site.removeOrphans(orphans);
  await site.removeOrphans(orphans);
  expect((await site.findUnknown(known, "mine")).orphans).toEqual([]);
});

it("says which verbs on which resources a user lacks", async () => {
  const { client, namespace, kubeconfig } = lab;
  const path = (kind: string) => client.path("v1", kind);
  const rbac = "rbac.authorization.k8s.io/v1";
  await client.api.post(path("serviceaccounts"), { metadata: { name: "poor" } });
  await client.api.post(client.path(rbac, "rolebindings"), {
    metadata: { name: "poor" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" },
    subjects: [{ kind: "ServiceAccount", name: "poor", namespace }],
  });
  const { status } = await client.api.post<{ readonly status: { readonly token: string } }>(
    `${client.path("v1", "serviceaccounts", "poor")}/token`,
    { spec: {} },
  );
  const config = parse(readFileSync(kubeconfig, "utf8")) as { users: { user: unknown }[] };
  config.users[0]!.user = { token: status.token };
  const file = join(scratch, "poor");
  writeFileSync(file, stringify(config));
  const poor = await KubernetesSite.open(
    { platform: "kubernetes", namespace, kubeconfig: file },
    lab.stack,
  );
  const { objection } = await poor.fit(fleet, false);
  await poor.close();
  expect(objection).toContain(
    `you may not create, patch, delete statefulsets.apps in namespace ${namespace}; have a Role`,
  );
  expect(objection).toContain("you may not get, create pods/exec in");
  expect(objection).toMatch(/may not get, list, watch, create, patch, delete, update secrets/);
  expect(objection).not.toContain("pods/log");
});

it("removes the namespace of a stack that gives its data up", async () => {
  await site.removeVolumes([]);
  const path = `/api/v1/namespaces/${lab.namespace}`;
  await eventually("it goes", 60, async () => {
    const found = await lab.client.api.find<{ status: { phase: string } }>(path);
    return found === undefined || found.status.phase === "Terminating" ? true : undefined;
  });
});
