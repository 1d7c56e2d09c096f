import { afterAll, beforeAll, expect, it } from "vitest";
import { startLoad } from "../../bench/load/load.ts";
import { disturbed } from "../../bench/release/stand.ts";
import { execIn } from "../../components/platform/kubernetes/exec.ts";
import type { KubernetesObject } from "../../components/platform/kubernetes/objects.ts";
import type { Ran } from "../docker/support/e2e-fleet.ts";
import { ClusterFleet } from "./support/cluster-fleet.ts";
import { defineOperatorKinds } from "./support/operator.ts";
import { eventually } from "./support/pods.ts";
import { StandInOperator } from "./support/stand-in-operator.ts";

/**
 * A fleet that runs goes from its own Prometheus to the cluster's, and back: first refused, then with a release that
 * fails, then for good. Clients notice nothing, and what was recorded stays. The cases follow each other on one fleet.
 */

const namespace = "monitoring";
const own = ["prometheus-0", "alertmanager-0"];
const claims = ["prometheus-data", "alertmanager-data"];
let cluster: ClusterFleet;
let operator: StandInOperator | undefined;
/** Commands that the refusal told. */
let commands: readonly (readonly string[])[] = [];
let claimed: Record<string, string>;
let recordedSince: number;

beforeAll(async () => {
  cluster = await ClusterFleet.create((line) => console.log(line), {
    fleetFile: "test/kubernetes/support/three-servers.yaml",
  });
  await defineOperatorKinds(cluster.client);
  const image = cluster.images.find((reference) => /\/prometheus:/.test(reference))!;
  operator = new StandInOperator(cluster.client, image, namespace);
  const [up] = await Promise.all([cluster.fleet.must("up", "--yes"), operator.start()]);
  console.log(`up from nothing: ${up.seconds.toFixed(1)} s`);
  claimed = await claimUids();
  recordedSince = await oldestSample();
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.dispose();
});

async function incarnations(): Promise<Record<string, string>> {
  return (await cluster.stand()).incarnations();
}

/** Of the volumes with what the fleet's own monitoring has recorded. */
async function claimUids(): Promise<Record<string, string>> {
  const path = cluster.client.path("v1", "persistentvolumeclaims");
  const found = await cluster.client.api.list<KubernetesObject & { metadata: { uid: string } }>(
    path,
  );
  return Object.fromEntries(
    found
      .filter(({ metadata }) => claims.includes(metadata.name))
      .map(({ metadata }) => [metadata.name, metadata.uid]),
  );
}

async function monitors(): Promise<number> {
  const path = cluster.client.path("monitoring.coreos.com/v1", "podmonitors");
  return (await cluster.client.api.list(path)).length;
}

/** When the fleet's own Prometheus has its first sample of a server, seconds since 1970. */
async function oldestSample(): Promise<number> {
  return eventually("a sample", 60, async () => {
    const query = 'min(min_over_time(timestamp(up{job="scene"})[3h:5s]))';
    const command = ["promtool", "query", "instant", "http://127.0.0.1:9090", query];
    const at = { pod: "prometheus-0", container: "prometheus" };
    const { output } = await execIn(cluster.client, at, command);
    const value = /=> ([\d.]+) @/.exec(output)?.[1];
    return value === undefined ? undefined : Number(value);
  });
}

async function targets(): Promise<string | undefined> {
  const { stdout } = await cluster.fleet.run("health", "--json");
  const { components } = JSON.parse(stdout) as {
    readonly components: readonly { readonly component: string; readonly detail: string }[];
  };
  return components.find(({ component }) => component === "scrape targets")?.detail;
}

/** Runs an `up` while every server is called. */
async function underLoad(up: () => Promise<Ran>): Promise<Ran> {
  const { servers, token } = await cluster.clients();
  const load = startLoad({
    targets: Object.entries(servers).map(([name, url]) => ({ name, url })),
    ...{ token, rate: 20 },
  });
  try {
    const ran = await up();
    const { sent, lost, lostBy } = await load.stop();
    console.log(`${ran.seconds.toFixed(1)} s, exit ${ran.code}, ${lost} of ${sent} calls lost`);
    expect(sent).toBeGreaterThan(0);
    expect(lostBy).toEqual({});
    return ran;
  } finally {
    await load.stop();
  }
}

it("refuses to leave what it has recorded, and says how it may", async () => {
  cluster.configure({
    monitoring: { existing: { prometheus: { service: "prometheus", namespace, port: 80 } } },
  });
  const before = await incarnations();
  const { code, stderr } = await cluster.fleet.run("up", "--yes");
  expect(code).toBe(1);
  expect(stderr).toContain("this stack has volumes with what its own monitoring has recorded");
  commands = [...stderr.matchAll(/pulumi (state unprotect) '([^']+)' (--stack \S+ --yes)/g)].map(
    ([, command, urn, flags]) => [...command!.split(" "), urn!, ...flags!.split(" ")],
  );
  expect(commands.map(([, , urn]) => urn!.split("::").at(-1)).sort()).toEqual([...claims].sort());
  expect(disturbed(before, await incarnations())).toBe(0);
});

it("goes back to its own Prometheus with a release that fails", async () => {
  for (const command of commands) await cluster.fleet.pulumi(...command);
  const before = await incarnations();
  const { code, stderr } = await underLoad(() =>
    cluster.fleet.run("up", "--yes", "--set", "servers.scene.env.FAULT=exit"),
  );
  expect(stderr).toContain("ROLLED BACK");
  expect(code).toBe(10);
  expect(disturbed(before, await incarnations())).toBe(0);
  expect(await monitors()).toBe(0);
  expect(await claimUids()).toEqual(claimed);
  expect(await oldestSample()).toBe(recordedSince);
});

it("is watched by the cluster's Prometheus, and keeps the volumes of its own", async () => {
  const before = await incarnations();
  await underLoad(() => cluster.fleet.must("up", "--yes"));
  const after = await incarnations();
  expect(own.filter((pod) => pod in before)).toEqual(own);
  expect(own.filter((pod) => pod in after)).toEqual([]);
  for (const pod of own) delete before[pod];
  expect(disturbed(before, after)).toBe(0);
  expect(await claimUids()).toEqual(claimed);
  // Two copies of three servers and of the gateway, and two exporters.
  await eventually(
    "every target is up",
    120,
    async () => (await targets()) === "10 of 10 up" || undefined,
  );
});

it("takes its own Prometheus up again, with all that it had recorded", async () => {
  cluster.configure({ monitoring: {} });
  const before = await incarnations();
  await underLoad(() => cluster.fleet.must("up", "--yes"));
  const after = await incarnations();
  expect(own.filter((pod) => pod in after)).toEqual(own);
  expect(disturbed(before, after)).toBe(0);
  expect(await monitors()).toBe(0);
  expect(await claimUids()).toEqual(claimed);
  expect(await oldestSample()).toBe(recordedSince);
  // They are protected like those of a new fleet.
  const state = (await cluster.fleet.state({ showSecrets: false })) as readonly {
    readonly urn: string;
    readonly protect?: boolean;
  }[];
  const volumes = state.filter(({ urn }) => claims.includes(urn.split("::").at(-1)!));
  expect(volumes.map(({ protect }) => protect)).toEqual([true, true]);
});
