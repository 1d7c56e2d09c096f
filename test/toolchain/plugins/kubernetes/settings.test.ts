import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { secret, UNKNOWN } from "../../../../toolchain/plugins/bridge/values.ts";
import { loadKubeConfig } from "../../../../toolchain/plugins/kubernetes/cluster/kube-config.ts";
import { diffSettings } from "../../../../toolchain/plugins/kubernetes/diff-settings.ts";
import { checkSettings, parseSettings } from "../../../../toolchain/plugins/kubernetes/settings.ts";

/** A kubeconfig with contexts `one` and `two`, each of its own cluster. */
const config = (port: number) =>
  JSON.stringify({
    clusters: ["one", "two"].map((name, i) => ({
      name,
      cluster: { server: `https://127.0.0.1:${port + i}` },
    })),
    users: [{ name: "me", user: { token: "t" } }],
    contexts: ["one", "two"].map((name) => ({
      name,
      context: { cluster: name, user: "me", namespace: `of-${name}` },
    })),
    "current-context": "one",
  });

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "kubeconfig-"));
  await writeFile(join(dir, "a"), config(1000));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe("settings", () => {
  it("that would be ignored are refused by name", () => {
    const { failures } = checkSettings({
      version: "1",
      kubeconfig: "x",
      renderYamlToDirectory: "d",
    });
    expect(failures?.map(({ property }) => property)).toEqual(["renderYamlToDirectory"]);
    expect(failures?.[0]?.reason).toContain("(supported: cluster, clusterIdentifier, context,");
    expect(checkSettings({ enableServerSideApply: "false" }).failures?.[0]?.reason).toBe(
      "this stand-in has no client-side apply; leave 'enableServerSideApply' out",
    );
  });

  it("are read from the program, else from the environment", () => {
    const args = {
      deleteUnreachable: "false",
      enableSecretMutable: "true",
      kubeconfig: secret("k"),
    };
    const env = {
      PULUMI_K8S_DELETE_UNREACHABLE: "true",
      PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: "true",
    };
    expect(parseSettings(args, env)).toMatchObject({
      kubeconfig: "k",
      deleteUnreachable: false,
      mutable: { configMaps: true, secrets: true },
    });
  });
});

describe("the kubeconfig in use", () => {
  const serverOf = (...args: Parameters<typeof loadKubeConfig>) =>
    loadKubeConfig(...args).getCurrentCluster()?.server;

  it.each([
    ["its content", () => ({ kubeconfig: config(1000) }), "https://127.0.0.1:1000"],
    ["its path", () => ({ kubeconfig: join(dir, "a") }), "https://127.0.0.1:1000"],
    ["a context", () => ({ kubeconfig: config(1000), context: "two" }), "https://127.0.0.1:1001"],
    ["a cluster", () => ({ kubeconfig: config(1000), cluster: "two" }), "https://127.0.0.1:1001"],
  ])("is given by %s", (_, selection, server) => {
    expect(serverOf(selection(), {})).toBe(server);
  });

  it("is found by the environment; files that are missing do not count", () => {
    expect(serverOf({}, { KUBECONFIG: `${dir}/none:${dir}/a` })).toBe("https://127.0.0.1:1000");
  });

  it("is missing, or does not have what was asked for", () => {
    expect(() => loadKubeConfig({}, { HOME: dir })).toThrow("no configuration has been provided");
    expect(() => loadKubeConfig({ kubeconfig: config(1), context: "x" }, {})).toThrow(
      'context "x" does not exist (there is one, two)',
    );
    expect(() => loadKubeConfig({ kubeconfig: config(1), cluster: "x" }, {})).toThrow(
      'cluster "x" does not exist',
    );
  });
});

describe("a change of settings", () => {
  it("replaces everything if another cluster is meant", () => {
    const olds = { kubeconfig: config(1000), version: "1" };
    expect(diffSettings(olds, { ...olds, kubeconfig: config(2000) })).toEqual({
      replaces: ["kubeconfig"],
      changes: "DIFF_SOME",
      diffs: ["kubeconfig"],
    });
    expect(diffSettings(olds, { ...olds, context: "two" }).replaces).toEqual(["context"]);
    expect(diffSettings(olds, { ...olds, kubeconfig: UNKNOWN }).replaces).toEqual(["kubeconfig"]);
  });

  it("replaces nothing if the cluster stays", () => {
    const olds = { kubeconfig: config(1000), version: "1" };
    expect(diffSettings(olds, { ...olds, namespace: "n", version: "2" })).toEqual({
      changes: "DIFF_SOME",
      diffs: ["namespace", "version"],
    });
  });

  it("goes by the identifier of the cluster, where there is one", () => {
    const olds = { kubeconfig: config(1000), clusterIdentifier: "a" };
    const moved = { ...olds, kubeconfig: config(2000) };
    expect(diffSettings(olds, moved).replaces).toBeUndefined();
    expect(diffSettings(olds, { ...olds, clusterIdentifier: "b" }).replaces).toEqual([
      "clusterIdentifier",
    ]);
  });
});
