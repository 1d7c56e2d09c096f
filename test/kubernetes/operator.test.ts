import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { kubernetesSchema } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import type { Manifest } from "../../infra/cli/manifests/manifest.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { KubernetesSite } from "../../infra/platforms/kubernetes/kubernetes-site.ts";
import { rootDir } from "../../infra/root-dir.ts";
import type { Properties } from "../../toolchain/plugins/bridge/values.ts";
import { kubernetesProvider } from "../../toolchain/plugins/kubernetes/plugin.ts";
import { engineLog } from "../../toolchain/plugins/rpc/engine-log.ts";
import type { Provider } from "../../toolchain/plugins/rpc/provider.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "../cli/run-fleet.ts";
import { openLab, type Lab } from "./support/lab.ts";
import { defineOperatorKinds } from "./support/operator.ts";

/** What a fleet gives to monitoring of the cluster, on an API server that knows the operator's kind of rules. */

let lab: Lab;
let sandbox: Sandbox;
let provider: Provider;
let objects: readonly Manifest[];

beforeAll(async () => {
  lab = await openLab();
  await defineOperatorKinds(lab.client);
  sandbox = makeSandbox();
  const stack = randomStack("op");
  const kubernetes = {
    namespace: lab.namespace,
    monitoring: { prometheusRules: { labels: { release: "monitoring" } }, dashboards: {} },
  };
  const config = { "mcp-fleet:platform": "kubernetes", "mcp-fleet:kubernetes": kubernetes };
  sandbox.writeStackFile(stack, JSON.stringify({ config }));
  const out = join(sandbox.dir, "out");
  const rendered = await runFleet(["render", "--stack", stack, "--out", out], sandbox.env);
  expect(rendered.code, rendered.stderr).toBe(0);
  objects = ["prometheusrule", "configmap"].flatMap((kind) =>
    readdirSync(join(out, "kubernetes", kind)).map((file) => {
      const text = readFileSync(join(out, "kubernetes", kind, file), "utf8");
      return parse(text, { version: "1.1" }) as Manifest;
    }),
  );
  provider = kubernetesProvider("4.34.2", engineLog(undefined), process.env);
  provider.configure({ kubeconfig: lab.kubeconfig, enableConfigMapMutable: "true" });
});

afterAll(async () => {
  provider.cancel();
  sandbox.remove();
  await lab.close();
});

const typeOf = ({ apiVersion, kind }: Manifest) =>
  `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
const urnOf = ({ metadata }: Manifest) => `urn:pulumi:lab::mcp-fleet::object::${metadata.name}`;
const asInputs = (manifest: Manifest) => manifest as unknown as Properties;
const state = new Map<string, { readonly id: string; readonly properties: Properties }>();

/** As the cluster has it. */
function liveOf({ apiVersion, kind, metadata }: Manifest): Promise<Manifest | undefined> {
  return lab.client.api.find(lab.client.path(apiVersion, `${kind.toLowerCase()}s`, metadata.name));
}

it("is stored as it was written: nothing refused, dropped or added", async () => {
  expect(objects.filter(({ kind }) => kind === "PrometheusRule")).toHaveLength(8);
  expect(objects.filter(({ kind }) => kind === "ConfigMap")).toHaveLength(8);
  for (const object of objects) {
    const place = { urn: urnOf(object), type: typeOf(object) };
    const made = await provider.create({ ...place, properties: asInputs(object), preview: false });
    state.set(place.urn, made);
    const live = await liveOf(object);
    expect([live?.["spec"], live?.["data"]]).toEqual([object["spec"], object["data"]]);
    expect(live?.metadata.labels).toEqual(object.metadata.labels);
  }
});

it("shows no change when nothing has changed, after a refresh too", async () => {
  for (const object of objects) {
    const place = { urn: urnOf(object), type: typeOf(object) };
    const { id, properties } = state.get(place.urn)!;
    const inputs = asInputs(object);
    const read = await provider.read({ ...place, id, properties, inputs });
    expect(read.inputs).toEqual(inputs);
    const olds = read.properties;
    const request = { ...place, id, olds, news: inputs, oldInputs: inputs, ignoreChanges: [] };
    expect(provider.diff(request)).toMatchObject({ changes: "DIFF_NONE" });
  }
});

it("changes in place, and goes", async () => {
  for (const object of objects) {
    const place = { urn: urnOf(object), type: typeOf(object) };
    const { id, properties: olds } = state.get(place.urn)!;
    const before = await liveOf(object);
    const rules = object.kind === "PrometheusRule";
    const changed: Manifest = rules
      ? {
          ...object,
          spec: { groups: [{ name: "one", rules: [{ record: "a", expr: "vector(1)" }] }] },
        }
      : { ...object, data: { "a.json": "{}" } };
    const news = asInputs(changed);
    const asked = { ...place, id, olds, news, oldInputs: asInputs(object), ignoreChanges: [] };
    const { replaces } = provider.diff(asked);
    expect(replaces, urnOf(object)).toBeUndefined();
    const { properties } = await provider.update({ ...place, id, olds, news, preview: false });
    const live = (await liveOf(object)) as Manifest & { metadata: { uid: string } };
    expect([live["spec"], live["data"]]).toEqual([changed["spec"], changed["data"]]);
    expect(live.metadata.uid).toBe((before as typeof live).metadata.uid);
    await provider.delete({ ...place, id, properties });
    expect(await liveOf(object)).toBeUndefined();
  }
});

it("is no objection, and what an interrupted run left of it is found and removed", async () => {
  const [rules] = objects;
  const { namespace, kubeconfig, client } = lab;
  // As a run would have made it that knew this stack.
  const labels: Record<string, string> = {
    ...rules!.metadata.labels,
    "mcp-fleet/stack": lab.stack,
  };
  const path = client.path("monitoring.coreos.com/v1", "prometheusrules");
  await client.api.post(path, { ...rules, metadata: { ...rules!.metadata, labels } });
  const place = { platform: "kubernetes", namespace, kubeconfig } as const;
  const settings = kubernetesSchema.parse({ monitoring: { prometheusRules: {} } });
  const site = await KubernetesSite.open(place, lab.stack, settings);
  const { fleet } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
  try {
    expect((await site.fit(fleet, false)).objection).toBeUndefined();
    const lineage = labels["mcp-fleet/lineage"];
    const { orphans } = await site.findUnknown([], lineage);
    expect(orphans).toMatchObject([{ kind: "PrometheusRule", name: rules!.metadata.name }]);
    await site.removeOrphans(orphans);
    expect((await site.findUnknown([], lineage)).orphans).toEqual([]);
  } finally {
    await site.close();
  }
});
