import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoad, type RunningLoad } from "../../bench/load/load.ts";
import type { LoadReport } from "../../bench/load/report.ts";
import type { Clients } from "../../bench/release/rounds.ts";
import { disturbed } from "../../bench/release/stand.ts";
import type { Ran, UpAnswer } from "../docker/support/e2e-fleet.ts";
import { callOnce, eras } from "../docker/support/mcp-conversation.ts";
import { defineOperatorKinds } from "./support/operator.ts";
import { ClusterFleet } from "./support/cluster-fleet.ts";
import { isolationOf } from "./support/isolation.ts";
import { eventually, Pods } from "./support/pods.ts";
import { configOf } from "./support/shop.ts";

/**
 * The ten servers, two copies each, on a real cluster by the commands that a user has: deployed, left alone, updated under
 * load, updated badly under load, removed. The cases follow each other on one fleet.
 */
let cluster: ClusterFleet;
let clients: Clients;
let live: string;

beforeAll(async () => {
  cluster = await ClusterFleet.create((line) => console.log(line), {
    kubernetes: { monitoring: { prometheusRules: {}, dashboards: {} } },
  });
});

afterAll(async () => {
  await cluster?.dispose();
});

/** Calls per second on all servers, half of them within 2025 sessions. */
const rate = 50;

function load(): RunningLoad {
  const targets = Object.entries(clients.servers).map(([name, url]) => ({ name, url }));
  return startLoad({ targets, token: clients.token, rate });
}

/** An update while the fleet is called. */
async function upUnderLoad(...args: string[]): Promise<Ran & { readonly calls: LoadReport }> {
  const calls = load();
  try {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const ran = await cluster.fleet.run("up", "--yes", "--json", ...args);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const report = await calls.stop();
    console.log(
      `up ${args.join(" ")}: exit ${ran.code} after ${ran.seconds.toFixed(1)} s; ` +
        `${report.sent} calls, ${report.lost} lost ${JSON.stringify(report.lostBy)}`,
    );
    return { ...ran, calls: report };
  } finally {
    await calls.stop();
  }
}

/** Rules and dashboards that the cluster's own monitoring is given: kind and name -> version of the object. */
async function given(): Promise<Record<string, string>> {
  const { client } = cluster;
  const query = { labelSelector: `mcp-fleet/stack=${cluster.fleet.stack}` };
  const lists = await Promise.all([
    client.api.list<Given>(client.path("monitoring.coreos.com/v1", "prometheusrules"), { query }),
    client.api.list<Given>(client.path("v1", "configmaps"), { query }),
  ]);
  return Object.fromEntries(
    lists.flat().map(({ metadata }) => [metadata.name, JSON.stringify(metadata.labels)]),
  );
}

interface Given {
  readonly metadata: { readonly name: string; readonly labels: object };
}

describe("the fleet on a cluster", () => {
  it("is refused where rules are to be given to an operator, and the cluster has no such kind", async () => {
    const { code, stderr } = await cluster.fleet.run("up", "--yes");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("has no prometheusrules of monitoring.coreos.com/v1; install"),
    ]);
    expect(await cluster.client.api.find(`/api/v1/namespaces/${cluster.client.namespace}`)).toBe(
      undefined,
    );
    await defineOperatorKinds(cluster.client);
  });

  it("is deployed, and every part of it works", async () => {
    const up = await cluster.fleet.must("up", "--yes", "--json");
    console.log(`up from nothing: ${up.seconds.toFixed(1)} s`);
    live = (JSON.parse(up.stdout) as UpAnswer).release;
    const health = await cluster.fleet.must("health", "--json");
    const { components } = JSON.parse(health.stdout) as Pick<UpAnswer, "components">;
    // Ten servers, gateway, database, pooler, two exporters, Prometheus, Alertmanager, and what Prometheus scrapes.
    expect(components).toHaveLength(18);
    expect(components.filter(({ healthy }) => !healthy)).toEqual([]);
    clients = await cluster.clients();
    expect(Object.keys(clients.servers)).toHaveLength(10);
  });

  it("gives its rules and dashboards to the cluster's own monitoring", async () => {
    const names = Object.keys(await given());
    expect(names.filter((name) => name.endsWith("-rules"))).toHaveLength(8);
    expect(names.filter((name) => name.endsWith("-dashboard"))).toHaveLength(8);
  });

  it.each(eras)("answers an official client of %s on each server", async (era) => {
    const headers = { Authorization: `Bearer ${clients.token}` };
    for (const [name, url] of Object.entries(clients.servers)) {
      const status = await callOnce(era, { url, headers }, "server_status");
      expect(status, name).toMatchObject({ server: name });
    }
  });

  it("lets nobody in without a token", async () => {
    const [url = ""] = Object.values(clients.servers);
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  });

  it("lets exactly those packets through that its policies declare, between any two pods", async () => {
    const config = configOf(cluster.cluster);
    const pods = new Pods(config, cluster.client.namespace);
    const { tried, open, allowed } = await isolationOf(config, pods);
    console.log(
      `${tried} connections tried, ${open.length} open: ${[...new Set(open)].join(", ")}`,
    );
    expect(open).toEqual(allowed);
    for (const edge of ["gateway scene 3005", "scene pgbouncer 6432", "pgbouncer postgres 5432"]) {
      expect(open).toContain(edge);
    }
    // Somebody listens there, and would answer.
    for (const edge of ["scene postgres 5432", "scene author 3009", "author gateway 8405"]) {
      expect(open).not.toContain(edge);
    }
  });

  it("has nothing to change when nothing has changed", async () => {
    const before = await (await cluster.stand()).incarnations();
    const up = await cluster.fleet.must("up", "--yes", "--json");
    console.log(`up with nothing changed: ${up.seconds.toFixed(1)} s`);
    expect((JSON.parse(up.stdout) as UpAnswer).release).toBe(live);
    expect(await (await cluster.stand()).incarnations()).toEqual(before);
  });

  it("moves to a good release, and loses no call", async () => {
    const { code, calls, stderr } = await upUnderLoad("--set", "servers.scene.env.ROUND=1");
    expect(code, stderr).toBe(0);
    expect(calls.lostBy).toEqual({});
  });

  it("comes back from a bad release: same pods, never started again, no call lost", async () => {
    const stand = await cluster.stand();
    const before = await stand.incarnations();
    const known = await given();
    const { code, calls, stderr } = await upUnderLoad("--set", "servers.scene.env.FAULT=exit");
    expect(code, stderr).toBe(10);
    expect(calls.lostBy).toEqual({});
    const after = await stand.incarnations();
    expect(disturbed(before, after)).toBe(0);
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    expect(await given()).toEqual(known);
  });

  it.each([
    // Its new pod stands beside the old one, which carries on.
    ["pgbouncer", 0],
    // It has data: the old pod ends first, and another is made when the change is taken back.
    ["monitoring.prometheus", 1],
  ] as const)(
    "comes back from an image of %s that no node gets, and says what to do",
    async (part, replaced) => {
      const stand = await cluster.stand();
      const before = await stand.incarnations();
      const image = "nowhere.invalid/nobody:1";
      const { code, calls, seconds, stderr } = await upUnderLoad("--set", `${part}.image=${image}`);
      console.log(`image of ${part} that no node gets: ${seconds.toFixed(1)} s`);
      expect(code, stderr).toBe(10);
      expect(stderr).toMatch(
        /cannot get its image nowhere\.invalid\/nobody:1 \((ErrImagePull|ImagePullBackOff)\): .*; the nodes do not reach its registry/,
      );
      // The plugin's own wait is two minutes and more.
      expect(seconds).toBeLessThan(100);
      expect(calls.lostBy).toEqual({});
      expect(disturbed(before, await stand.incarnations())).toBe(replaced);
      // A Prometheus that was started again has to scrape everything once.
      await eventually("a healthy fleet", 60, async () => {
        const { code: health, stdout } = await cluster.fleet.run("health");
        if (health !== 0) throw new Error(stdout);
        return true;
      });
    },
  );

  it("leaves nothing but its data", async () => {
    const destroyed = await cluster.fleet.must("destroy", "--yes");
    const stand = await cluster.stand();
    await eventually("the end of every pod", 30, async () =>
      Object.keys(await stand.incarnations()).length === 0 ? true : undefined,
    );
    expect(await given()).toEqual({});
    expect(destroyed.stdout + destroyed.stderr).toContain("postgres-17");
  });
});
