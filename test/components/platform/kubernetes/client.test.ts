import { describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../../components/platform/kubernetes/client.ts";
import { fakeCluster, refusal, writeKubeconfig } from "./fake-cluster.ts";

const open = (kubeconfig: string, more: object = {}) =>
  KubernetesClient.open({ namespace: "fleet", kubeconfig, ...more });

describe("a kubeconfig", () => {
  const clusters = {
    one: { server: "https://one:6443", "certificate-authority-data": "T05F" },
    two: { server: "https://two:6443" },
  };

  it("leads to its current context, or to the one that is named", async () => {
    const file = writeKubeconfig(clusters);
    expect(await open(file)).toMatchObject({
      context: "one",
      cluster: { server: "https://one:6443", authority: expect.any(String) as string },
    });
    const named = await open(file, { context: "two" });
    expect(named.cluster).toEqual({ server: "https://two:6443" });
  });

  it("leads to the cluster that is meant, whatever its context is called here", async () => {
    const cluster = { server: "https://two:6443" };
    const named = await open(writeKubeconfig(clusters), { context: "prod", cluster });
    expect(named.context).toBe("two");
  });

  it("is not used for another cluster", async () => {
    const cluster = { server: "https://three:6443" };
    await expect(open(writeKubeconfig(clusters), { cluster })).rejects.toThrow(
      /context one .* leads to https:\/\/one:6443, but the stack lives .* https:\/\/three:6443/,
    );
  });

  it.each([
    ["without that context", { context: "prod" }, /no context prod; .*\(it has one, two\)/],
    ["that is not there", { kubeconfig: "/nowhere/config" }, /\/nowhere\/config cannot be read/],
  ])("%s is refused with the fix", async (_, more, words) => {
    await expect(open(writeKubeconfig(clusters), more)).rejects.toThrow(words);
  });

  it.each([
    ["has another context", () => writeKubeconfig(clusters), "Error"],
    ["has no context at all", () => writeKubeconfig({}), "NoClusterError"],
    ["is not there", () => "/nowhere/config", "NoClusterError"],
  ])("that %s where one is named ends as %s", async (_, file, name) => {
    await expect(open(file(), { context: "prod" })).rejects.toMatchObject({ name });
  });

  it("without a current context is refused with the fix", async () => {
    const file = writeKubeconfig(clusters, "");
    await expect(open(file)).rejects.toThrow("no current context; set kubernetes.context");
  });
});

describe("ping", () => {
  const version = (minor: string) => ({ "GET /version": { major: "1", minor } });

  it.each(["31", "34", "35+"])("takes 1.%s", async (minor) => {
    const { client } = await fakeCluster(version(minor));
    await expect(client.ping()).resolves.toBeUndefined();
  });

  it.each(["30", "29+", "9"])("refuses 1.%s", async (minor) => {
    const { client } = await fakeCluster(version(minor));
    await expect(client.ping()).rejects.toThrow("upgrade it to 1.31 or newer");
  });

  it("says what to do when nobody answers, or not to this user", async () => {
    const nobody = writeKubeconfig({
      gone: { server: "http://127.0.0.1:1", "insecure-skip-tls-verify": true },
    });
    const gone = await open(nobody);
    await expect(gone.ping()).rejects.toThrow(
      /http:\/\/127.0.0.1:1 \(context gone\): none answers \(.*ECONNREFUSED.*\); start it/,
    );
    const { client } = await fakeCluster({ "GET /version": refusal(401, "Unauthorized") });
    await expect(client.ping()).rejects.toThrow("does not accept these credentials; log in again");
  });
});

it("sends its credentials, and knows the time of the cluster", async () => {
  const { client, asked } = await fakeCluster({ "GET /version": { major: "1", minor: "34" } });
  await client.ping();
  expect(asked).toEqual(["GET /version"]);
  expect(Math.abs(client.api.now() - Date.now())).toBeLessThan(5000);
});

it("takes what is gone for deleted, and refuses with the server's words", async () => {
  const { client } = await fakeCluster({ "DELETE /api/v1/x": refusal(403, "you may not") });
  await expect(client.api.delete("/api/v1/gone")).resolves.toBeUndefined();
  await expect(client.api.delete("/api/v1/x")).rejects.toThrow("you may not");
});
