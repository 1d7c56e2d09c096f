import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { asSecret } from "../../infra/release/deployment-values.ts";
import { rootDir } from "../../infra/root-dir.ts";
import { prepare } from "../../toolchain/index.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "./run-fleet.ts";

/** A stack on Kubernetes where there is no cluster, as in the checks of a pull request. */

let sandbox: Sandbox;
const stack = randomStack("pr");
const secret = "0123456789abcdef0123456789abcdef0123456789abcdef";

beforeAll(() => {
  sandbox = makeSandbox();
  const lines = [
    "mcp-fleet:platform: kubernetes",
    "mcp-fleet:kubernetes:",
    "  autoscaling: { maxReplicas: 4 }",
    "  gateway: { ingress: { host: mcp.example.com, tlsSecret: mcp-tls } }",
    "  images: { registry: registry.example.com/mcp, pullSecret: login }",
  ];
  sandbox.writeStackFile(stack, ["config:", ...lines.map((line) => `  ${line}`), ""].join("\n"));
});
afterAll(() => sandbox.remove());

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runFleet([...args, "--stack", stack], { ...sandbox.env, KUBECONFIG: "", ...env });

/** A kubeconfig whose one context, `gone`, leads to nobody. */
function kubeconfigOfNobody(): string {
  return sandbox.write(
    "kubeconfig",
    JSON.stringify({
      clusters: [{ name: "gone", cluster: { server: "http://127.0.0.1:1" } }],
      users: [{ name: "me", user: {} }],
      contexts: [{ name: "gone", context: { cluster: "gone", user: "me" } }],
      "current-context": "gone",
    }),
  );
}

interface Answer {
  readonly cluster: null;
  readonly changes: Readonly<Record<string, number>>;
  readonly objects: readonly { readonly step: string; readonly kind: string }[];
  readonly findings: readonly unknown[];
}

it("says that there is none, lists every object as new, and finds nothing", async () => {
  const { code, stdout, stderr } = await run(["preview"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe(
    "no cluster can be asked, so manifests are checked against Kubernetes 1.34.2: there is no kubeconfig; " +
      "point KUBECONFIG or the setting kubernetes.kubeconfig at one, as `kind get kubeconfig` or the tool of your cloud writes it",
  );
  expect(lines[1]).toBe("no state of the stack is kept here: everything is shown as new");
  expect(lines).toContain("  create Deployment gateway");
  expect(lines.at(-1)).toMatch(/^\d+ manifests, 0 findings/);
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

it("answers as JSON too, where a cluster is named that does not answer", async () => {
  const kubeconfig = kubeconfigOfNobody();
  const { code, stdout, stderr } = await run(["preview", "--json"], { KUBECONFIG: kubeconfig });
  expect(stderr).toMatch(
    /^no cluster can be asked.*Kubernetes at http:\/\/127.0.0.1:1 \(context gone\): none answers/,
  );
  const { cluster, changes, objects, findings } = JSON.parse(stdout) as Answer;
  expect([cluster, findings]).toEqual([null, []]);
  expect(changes).toEqual({ create: objects.length });
  const kinds = [...new Set(objects.map(({ kind }) => kind))].sort();
  expect(kinds).toEqual([
    ...["Deployment", "HorizontalPodAutoscaler", "Ingress", "Job", "Namespace", "NetworkPolicy"],
    ...["PersistentVolumeClaim", "PodDisruptionBudget", "Role", "RoleBinding", "Secret", "Service"],
    ...["ServiceAccount", "StatefulSet"],
  ]);
  expect(code).toBe(0);
});

it("refuses a context that the kubeconfig does not have, instead of doing without", async () => {
  const mistyped = randomStack("pr");
  const settings = {
    "mcp-fleet:platform": "kubernetes",
    "mcp-fleet:kubernetes": { context: "gnoe" },
  };
  sandbox.writeStackFile(mistyped, JSON.stringify({ config: settings }));
  const kubeconfig = kubeconfigOfNobody();
  const env = { ...sandbox.env, KUBECONFIG: kubeconfig };
  const { code, stdout, stderr } = await runFleet(["preview", "--stack", mistyped], env);
  expect([code, stdout, stderr]).toEqual([
    ...[1, ""],
    `kubeconfig ${kubeconfig} has no context gnoe; correct kubernetes.context (it has gone)\n`,
  ]);
});

it("knows what a fleet gives to a Prometheus of the cluster, and finds nothing", async () => {
  const watched = randomStack("pr");
  const prometheus = { service: "prometheus", namespace: "monitoring" };
  const settings = {
    "mcp-fleet:platform": "kubernetes",
    "mcp-fleet:kubernetes": { monitoring: { existing: { prometheus }, dashboards: {} } },
  };
  sandbox.writeStackFile(watched, JSON.stringify({ config: settings }));
  const env = { ...sandbox.env, KUBECONFIG: "" };
  const { code, stdout } = await runFleet(["preview", "--stack", watched, "--json"], env);
  const { objects, findings } = JSON.parse(stdout) as Answer;
  expect([code, findings]).toEqual([0, []]);
  const count = (kind: string) => objects.filter((object) => object.kind === kind).length;
  // Ten servers, the gateway and two exporters; of volumes the database's alone.
  expect(["PodMonitor", "PersistentVolumeClaim", "Role"].map(count)).toEqual([13, 1, 0]);
  expect(count("PrometheusRule")).toBeGreaterThan(0);
});

it("writes the same manifests twice, without any secret", async () => {
  const folders = [1, 2].map(() => mkdtempSync(join(sandbox.dir, "rendered-")));
  for (const out of folders) {
    const { code, stderr } = await run(["render", "--out", out], { MCP_AUTH_TOKEN: secret });
    expect([code, stderr]).toEqual([0, ""]);
  }
  const [first, second] = folders.map(readAll);
  expect(first).toEqual(second);
  const text = JSON.stringify(first);
  expect(text).not.toContain(secret);
  const secrets = Object.entries(first!).filter(([path]) => path.startsWith("kubernetes/secret/"));
  expect(secrets.length).toBeGreaterThan(10);
  for (const [, yaml] of secrets) {
    const { stringData } = parse(yaml) as { stringData: Record<string, string> };
    expect(new Set(Object.values(stringData))).toEqual(new Set(["withheld"]));
  }
});

it("says everything that a cluster would refuse, and ends with 1", async () => {
  // As much as a fleet file may hold; with the rest of the gateway's files it is too much for a Secret.
  const long = "o".repeat(2070);
  const origins = Array.from({ length: 500 }, (_, index) => `  - https://${long}${1000 + index}`);
  const lines = ["name: test", "servers: [{ name: scene, port: 3001 }]", "gateway:"];
  const text = [...lines, " allowedOrigins:", ...origins, ""].join("\n");
  const fleet = sandbox.write("origins.yaml", text);
  const large = randomStack("pr");
  const settings = { "mcp-fleet:fleet": fleet, "mcp-fleet:platform": "kubernetes" };
  sandbox.writeStackFile(large, JSON.stringify({ config: settings }));
  const env = { ...sandbox.env, KUBECONFIG: "" };
  const { code, stdout } = await runFleet(["preview", "--stack", large], env);
  const [finding, last] = stdout.trimEnd().split("\n").slice(-2);
  expect(finding).toMatch(
    /^ {2}Secret gateway-files: stringData: got \d{7} bytes, most of them origins.lst; allowed: 1048576/,
  );
  expect(last).toMatch(/^\d+ manifests, 1 finding\(s\)/);
  expect(code).toBe(1);
});

it("refuses tokens that stand in the settings, as an update would", async () => {
  const { code, stderr } = await run(["preview"], { MCP_AUTH_TOKEN: "short" });
  expect(code).toBe(1);
  expect(stderr).toContain("MCP_AUTH_TOKEN: got a value that is not shown; 5 characters");
});

it("compares with the state of the last release, and says what would go", async () => {
  const { env } = await prepare({ log: () => undefined, needs: new Set(["pulumi"]) });
  const own = { ...sandbox.env, PATH: env.PATH, PULUMI_CONFIG_PASSPHRASE: "test" };
  const pulumi = (...args: string[]) =>
    execFileSync("pulumi", [...args, "--stack", stack, "--non-interactive"], {
      cwd: project,
      env: own,
      encoding: "utf8",
      stdio: "pipe",
    });
  const project = mkdtempSync(join(sandbox.dir, "project-"));
  copyFileSync(join(rootDir, "Pulumi.yaml"), join(project, "Pulumi.yaml"));
  pulumi("stack", "init");
  const empty = JSON.parse(pulumi("stack", "export")) as { deployment: object };
  const times = { created: "2026-01-01T00:00:00Z", modified: "2026-01-01T00:00:00Z" };
  const urn = (type: string, name: string) => `urn:pulumi:${stack}::mcp-fleet::${type}::${name}`;
  const service = "kubernetes:core/v1:Service";
  const resources = [
    { urn: urn("pulumi:pulumi:Stack", `mcp-fleet-${stack}`), type: "pulumi:pulumi:Stack" },
    { urn: urn(service, "retired"), type: service, id: "fleet/retired", custom: true },
    { urn: urn(service, "gateway"), type: service, id: "fleet/gateway", custom: true },
  ];
  const inputs = { stringData: asSecret("hunter2") };
  const state = resources.map((resource) => ({ ...resource, ...times, inputs, outputs: {} }));
  const deployment = { ...empty.deployment, resources: state };
  const file = sandbox.write("state.json", JSON.stringify({ ...empty, deployment }));
  pulumi("stack", "import", "--file", file);

  const before = pulumi("stack", "export");
  const { code, stdout } = await run(["preview"], own);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[1]).toBe("compared with the state of the last release");
  expect(lines).toEqual(
    expect.arrayContaining(["  change Service gateway", "  delete Service retired"]),
  );
  expect(lines).toContain("  create Deployment gateway");
  expect(lines.at(-2)).toMatch(/^\d+ to create, 1 to change, 1 to delete; 0 unchanged$/);
  expect(code).toBe(0);
  expect(pulumi("stack", "export")).toBe(before);

  const kept = state.map((resource) => ({
    ...resource,
    ...(resource.urn.endsWith("::retired") && { protect: true }),
  }));
  const held = { ...empty, deployment: { ...empty.deployment, resources: kept } };
  pulumi("stack", "import", "--file", sandbox.write("held.json", JSON.stringify(held)));
  const refused = await run(["preview"], own);
  expect(refused.stdout).toContain("Service retired: protect: true in the last release");
  expect(refused.stdout).toContain(`pulumi state unprotect '${urn(service, "retired")}'`);
  expect(refused.code).toBe(1);

  const wrong = await run(["preview"], { ...own, PULUMI_CONFIG_PASSPHRASE: "another" });
  expect(wrong.stdout.split("\n")[1]).toMatch(/^the stack's state cannot be read \(.*: everything/);
  expect(wrong.code).toBe(0);
});

function readAll(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
      }),
  );
}
