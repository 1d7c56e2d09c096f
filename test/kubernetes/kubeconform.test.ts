import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { rootDir } from "../../infra/root-dir.ts";
import { makeSandbox, type Sandbox } from "../cli/run-fleet.ts";
import { renderManifests } from "./support/rendered.ts";

/** What `fleet render` writes for a cluster, judged by another program than the one that `fleet preview` asks. */

let sandbox: Sandbox;
let manifests: string;

beforeAll(async () => {
  sandbox = makeSandbox();
  manifests = await renderManifests(sandbox, [
    "autoscaling: { maxReplicas: 4 }",
    "gateway: { ingress: { host: mcp.example.com, tlsSecret: mcp-tls } }",
    "monitoring: { prometheusRules: {}, dashboards: {} }",
  ]);
  writeSchemas(join(sandbox.dir, "schemas"));
});
afterAll(() => sandbox.remove());

/** One file for each kind, named as kubeconform looks for them. */
function writeSchemas(folder: string): void {
  const file = join(rootDir, "infra", "cli", "manifests", "kubernetes.schema.json");
  const { kinds, definitions } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly kinds: Readonly<Record<string, string>>;
    readonly definitions: object;
  };
  mkdirSync(folder, { recursive: true });
  for (const [key, name] of Object.entries(kinds)) {
    const [kind, version, group] = key.toLowerCase().split("/").reverse();
    const suffix = [...(group === undefined ? [] : [group.split(".")[0]]), version].join("-");
    const schema = { $ref: `#/definitions/${name}`, definitions };
    writeFileSync(join(folder, `${kind}-${suffix}.json`), JSON.stringify(schema));
  }
}

function kubeconform(path: string): { readonly text: string; readonly ok: boolean } {
  const schemas = join(sandbox.dir, "schemas", "{{ .ResourceKind }}{{ .KindSuffix }}.json");
  try {
    const text = execFileSync(
      "go",
      ["tool", "kubeconform", "-strict", "-summary", "-schema-location", schemas, path],
      // The machine's own home has the caches of Go.
      { cwd: join(import.meta.dirname, "kubeconform"), encoding: "utf8", stdio: "pipe" },
    );
    return { text, ok: true };
  } catch (error) {
    return { text: String((error as { readonly stdout?: unknown }).stdout), ok: false };
  }
}

it("is valid, every object of it", () => {
  const { text, ok } = kubeconform(manifests);
  expect(text).toMatch(/Valid: \d{2,}, Invalid: 0, Errors: 0, Skipped: 0/);
  expect(ok).toBe(true);
});

it.each(["service/gateway.yaml", "prometheusrule/servers-rules.yaml"])(
  "is judged strictly: %s",
  (file) => {
    const path = join(sandbox.dir, "wrong.yaml");
    const object = parse(readFileSync(join(manifests, file), "utf8")) as { spec: object };
    writeFileSync(path, stringify({ ...object, spec: { ...object.spec, port: 8080 } }));
    const { text, ok } = kubeconform(path);
    expect(ok).toBe(false);
    expect(text).toContain("Invalid: 1");
    rmSync(path);
  },
);
