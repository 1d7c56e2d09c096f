import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStackConfig, readStackFile } from "../../../infra/config/index.ts";
import { kubernetesSchema } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { fleet, projectWith } from "./fixture.ts";

const defaults = {
  fleet: "fleets/writing.yaml",
  platform: "docker",
  kubernetes: kubernetesSchema.parse({}),
  set: {},
  hasReceivers: false,
  hasDatabasePassword: false,
};

function stackFile(text: string) {
  const rootDir = projectWith(fleet());
  writeFileSync(join(rootDir, "Pulumi.test.yaml"), text);
  return readStackFile(rootDir, "test");
}

describe("loadStackConfig", () => {
  it("has defaults", () => {
    expect(loadStackConfig({})).toEqual({ settings: defaults, problems: [] });
  });

  it("takes keys with and without the namespace, maps as JSON, and leaves other namespaces alone", () => {
    const { settings, problems } = loadStackConfig({
      "mcp-fleet:fleet": "fleets/other.yaml",
      platform: "docker",
      "mcp-fleet:set": '{"gateway.port": 8081}',
      "mcp-fleet:baseImage": "registry.example/debian:13",
      "mcp-fleet:tokens": "hunter2",
      "mcp-fleet:receivers": "hunter2",
      "mcp-fleet:databasePassword": "hunter2",
      "docker:host": "unix:///run/docker.sock",
    });
    expect(problems).toEqual([]);
    expect(settings).toEqual({
      fleet: "fleets/other.yaml",
      platform: "docker",
      kubernetes: kubernetesSchema.parse({}),
      set: { "gateway.port": 8081 },
      baseImage: "registry.example/debian:13",
      hasReceivers: true,
      hasDatabasePassword: true,
    });
  });

  it.each([
    [
      { "mcp-fleet:platform": "podman" },
      "mcp-fleet:platform",
      'got "podman"; docker or kubernetes',
    ],
    [{ "mcp-fleet:fleets": "x" }, "mcp-fleet:fleets", "unknown setting; did you mean fleet?"],
    [{ "mcp-fleet:baseimage": "x" }, "mcp-fleet:baseimage", "did you mean baseImage?"],
    [{ "mcp-fleet:fleet": 5 }, "mcp-fleet:fleet", "got 5; the path of a fleet file"],
    [{ "mcp-fleet:fleet": "" }, "mcp-fleet:fleet", "the path of a fleet file"],
    [
      { "mcp-fleet:set": ["gateway.port=1"] },
      "mcp-fleet:set",
      "got a list of 1; a map of paths and values",
    ],
    [{ "mcp-fleet:set": "{broken" }, "mcp-fleet:set", "a map of paths and values"],
    [{ "mcp-fleet:baseImage": "Not An Image" }, "mcp-fleet:baseImage", "an image reference"],
  ])("refuses %o", (raw, path, says) => {
    const { settings, problems } = loadStackConfig(raw);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
    const [problem] = problems;
    const got = problem?.got === undefined ? "" : `got ${problem.got}; `;
    expect(`${got}${problem?.allowed}; ${problem?.fix}`).toContain(says);
    expect(settings).toEqual(defaults);
  });

  it("reports everything that is wrong inside the cluster's settings, with its path", () => {
    const kubernetes = {
      replica: 3,
      replicas: 0,
      namespace: "Not_A_Name",
      gateway: { service: "Public" },
      storage: { postgresGi: "20Gi" },
    };
    const { problems } = loadStackConfig({ platform: "kubernetes", kubernetes });
    expect(problems.map(({ path, got, allowed, fix }) => [path, got, fix ?? allowed])).toEqual([
      ["mcp-fleet:kubernetes.namespace", '"Not_A_Name"', expect.stringContaining("1 to 63")],
      ["mcp-fleet:kubernetes.replicas", "0", expect.stringContaining("1")],
      ["mcp-fleet:kubernetes.gateway.service", '"Public"', expect.stringContaining("LoadBalancer")],
      ["mcp-fleet:kubernetes.storage.postgresGi", '"20Gi"', expect.stringContaining("1")],
      [
        "mcp-fleet:kubernetes.replica",
        undefined,
        expect.stringContaining("did you mean replicas?"),
      ],
    ]);
  });

  it("reports every wrong setting at once", () => {
    const raw = { platform: "nomad", fleet: 5, sets: {}, baseImage: 7 };
    expect(loadStackConfig(raw).problems).toHaveLength(4);
  });
});

describe("readStackFile", () => {
  it("takes a stack without a file for one with the defaults", () => {
    expect(readStackFile(projectWith(fleet()), "none")).toEqual({
      settings: defaults,
      problems: [],
    });
  });

  it("reads the file of a stack, also by its full name", () => {
    const rootDir = projectWith(fleet());
    const text = "encryptionsalt: v1:abc\nconfig:\n  mcp-fleet:set:\n    gateway.port: 9000\n";
    writeFileSync(join(rootDir, "Pulumi.test.yaml"), text);
    for (const stack of ["test", "organization/mcp-fleet/test"]) {
      expect(readStackFile(rootDir, stack).settings.set).toEqual({ "gateway.port": 9000 });
    }
  });

  it.each(["", "encryptionsalt: v1:abc\n", "config:\n"])("takes %j for no settings", (text) => {
    expect(stackFile(text)).toEqual({ settings: defaults, problems: [] });
  });

  it("says where a setting stands", () => {
    const { problems } = stackFile("config:\n  mcp-fleet:flet: x\n");
    expect(problems[0]).toMatchObject({ path: "mcp-fleet:flet", source: "Pulumi.test.yaml:2:3" });
  });

  it("refuses a stack whose name makes no namespace, unless it names one", () => {
    const long = "s".repeat(60);
    const kubernetes = { platform: "kubernetes" };
    expect(loadStackConfig(kubernetes, { stack: long }).problems).toEqual([
      expect.objectContaining({
        path: "mcp-fleet:kubernetes.namespace",
        got: `the default, mcp-fleet-${long}, 70 characters`,
      }),
    ]);
    expect(loadStackConfig(kubernetes, { stack: "My_Stack" }).problems).toHaveLength(1);
    expect(loadStackConfig(kubernetes, { stack: "s".repeat(53) }).problems).toEqual([]);
    expect(loadStackConfig({ platform: "docker" }, { stack: long }).problems).toEqual([]);
    const named = { ...kubernetes, kubernetes: { namespace: "fleet" } };
    expect(loadStackConfig(named, { stack: long }).problems).toEqual([]);
  });

  it("takes labels, annotations and hosts as a cluster does", () => {
    const kubernetes = {
      autoscaling: { maxReplicas: 2 },
      nodeSelector: { "node-role.example.com/fleet": "", "topology.kubernetes.io/zone": "a_1.b" },
      gateway: {
        annotations: { "service.beta.kubernetes.io/load-balancer_scheme": "any text: at all" },
        ingress: { host: "mcp.example.com" },
      },
    };
    expect(loadStackConfig({ platform: "kubernetes", kubernetes }).problems).toEqual([]);
    const wrong = {
      clusterDomain: `${"d".repeat(60)}.${"d".repeat(24)}`,
      nodeSelector: { "a/b/c": "x", disk: "v".repeat(64) },
      gateway: { annotations: { "": "x" }, ingress: { host: "mcp.example.com:443" } },
      monitoring: { prometheusRules: { labels: { "mcp-fleet/stack": "other", "a b": "c" } } },
    };
    const { problems } = loadStackConfig({ platform: "kubernetes", kubernetes: wrong });
    expect(problems.map(({ path }) => path.replace("mcp-fleet:kubernetes.", "")).sort()).toEqual([
      ...["clusterDomain", "gateway.annotations.", "gateway.ingress.host"],
      ...["a b", "mcp-fleet/stack"].map((label) => `monitoring.prometheusRules.labels.${label}`),
      ...["nodeSelector.a/b/c", "nodeSelector.disk"],
    ]);
  });

  it("refuses tokens in plain text and does not show them", () => {
    expect(stackFile("config:\n  mcp-fleet:tokens: {secure: v1:abc}\n").problems).toEqual([]);
    const { problems } = stackFile("config:\n  mcp-fleet:tokens: hunter2\n");
    expect(problems).toHaveLength(1);
    expect(problems[0]?.fix).toContain("pulumi config set --secret");
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });

  it.each([
    ["not YAML", "config: [\n", /closing bracket/],
    ["a list of settings", "config:\n  - fleet\n", /a map with the key config/],
    ["no map", "- config\n", /a map with the key config/],
  ])("refuses %s", (_, text, says) => {
    expect(stackFile(text).problems[0]?.allowed).toMatch(says);
  });

  it("refuses a stack name that leads elsewhere", () => {
    expect(readStackFile(projectWith(fleet()), "..").problems[0]?.path).toBe("stack");
  });
});
