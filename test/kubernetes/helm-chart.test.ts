import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { helmProgram } from "../../bench/release/helm/program.ts";
import { chartValues, type LivePolicy, type LiveSet } from "../../bench/release/helm/values.ts";
import { describeFinding, type Manifest } from "../../infra/cli/manifests/manifest.ts";
import { referenceFindings } from "../../infra/cli/manifests/reference-checks.ts";
import { schemaFindings } from "../../infra/cli/manifests/schema.ts";
import { valueFindings } from "../../infra/cli/manifests/value-checks.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { thisMachine } from "../../toolchain/machine.ts";
import { makeSandbox, type Sandbox } from "../cli/run-fleet.ts";
import { renderManifests } from "./support/rendered.ts";

/** The chart that releases are compared with, rendered by Helm from what `fleet render` writes; no cluster is asked. */

const chart = join(rootDir, "bench/release/helm/chart");
let sandbox: Sandbox;
let helm: string;
let values: string;
let sets: readonly (LiveSet & Manifest)[];
let names: readonly string[];

beforeAll(async () => {
  sandbox = makeSandbox();
  const manifests = await renderManifests(sandbox, [
    "images: { pullSecret: login }",
    "nodeSelector: { disk: ssd }",
  ]);
  const all = <Kind>(kind: string): Kind[] => {
    const folder = join(manifests, kind);
    return readdirSync(folder).map(
      (file) => parse(readFileSync(join(folder, file), "utf8")) as Kind,
    );
  };
  sets = all<LiveSet & Manifest>("statefulset");
  const fleet = join(rootDir, "fleets/writing.yaml");
  const { servers } = parse(readFileSync(fleet, "utf8")) as {
    readonly servers: readonly { readonly name: string }[];
  };
  names = servers.map(({ name }) => name);
  values = sandbox.write(
    "values.json",
    JSON.stringify(chartValues(names, sets, all<LivePolicy>("networkpolicy"))),
  );
  mkdirSync(join(sandbox.dir, "helm"));
  helm = (await helmProgram(thisMachine(console.log))).path;
});
afterAll(() => sandbox.remove());

function run(...args: readonly string[]): string {
  const home = { HOME: join(sandbox.dir, "helm"), XDG_CACHE_HOME: join(sandbox.dir, "helm") };
  return execFileSync(helm, args, { encoding: "utf8", env: { ...sandbox.env, ...home } });
}

function template(...sets: readonly string[]): Manifest[] {
  const set = sets.flatMap((one) => ["--set-string", one]);
  const text = run("template", "bench-helm", chart, "--values", values, ...set);
  return parseAllDocuments(text).flatMap((one) => (one.toJSON() as Manifest | null) ?? []);
}

const of = (kind: string, manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter((manifest) => manifest.kind === kind);

it("is well by Helm's own judgement", () => {
  expect(run("lint", chart, "--strict", "--values", values)).toContain("0 chart(s) failed");
});

it("has a Deployment, a Service, a policy and a budget of each server", () => {
  const manifests = template();
  for (const kind of ["Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"]) {
    expect(
      of(kind, manifests)
        .map(({ metadata }) => metadata.name)
        .sort(),
    ).toEqual(names.map((name) => `bench-helm-${name}`).sort());
  }
  expect(manifests).toHaveLength(4 * names.length);
});

it("is valid, and selects and names what is there", () => {
  const manifests = template("servers.scene.env.FAULT=unready");
  const secrets = sets.flatMap(({ spec }) => {
    const { volumes = [] } = spec.template.spec as {
      readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[];
    };
    return volumes.flatMap(({ secret }) => (secret ? [`Secret ${secret.secretName}`] : []));
  });
  const findings = [
    ...manifests.flatMap((manifest) => [...schemaFindings(manifest), ...valueFindings(manifest)]),
    ...referenceFindings(manifests, new Set([...secrets, "Secret login"])),
  ];
  expect(findings.map(describeFinding)).toEqual([]);
});

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: object;
}
const templateOf = (manifest: Manifest): Template =>
  (manifest as unknown as { readonly spec: { readonly template: Template } }).spec.template;

it("has the pods of the stack's own servers, and none that the stack would take for its own", () => {
  const deployments = of("Deployment", template());
  for (const name of names) {
    const set = sets.find(({ metadata }) => metadata.labels?.["mcp-fleet/component"] === name)!;
    const own = JSON.parse(JSON.stringify(set.spec.template.spec)) as {
      topologySpreadConstraints: { labelSelector: object }[];
    };
    const labels = {
      "app.kubernetes.io/instance": "bench-helm",
      "app.kubernetes.io/name": name,
    };
    for (const constraint of own.topologySpreadConstraints) {
      constraint.labelSelector = { matchLabels: labels };
    }
    const made = templateOf(
      deployments.find(({ metadata }) => metadata.name === `bench-helm-${name}`)!,
    );
    expect(made.spec).toEqual(own);
    expect(made.metadata.labels).toEqual({ ...labels, "mcp-fleet/calls-data": "yes" });
  }
});

it("changes the pods of one server with what is set for it, and nothing else", () => {
  const [before, after] = [template(), template("servers.scene.env.FAULT=unready")];
  const changed = after.filter(
    (manifest, index) => JSON.stringify(manifest) !== JSON.stringify(before[index]),
  );
  expect(changed.map(({ metadata }) => metadata.name)).toEqual(["bench-helm-scene"]);
  expect(JSON.stringify(templateOf(changed[0]!))).toContain('{"name":"FAULT","value":"unready"}');
});
