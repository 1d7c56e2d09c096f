import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLoad, type RunningLoad } from "../../bench/load/load.ts";
import type { Clients } from "../../bench/release/rounds.ts";
import { disturbed } from "../../bench/release/stand.ts";
import {
  clusterStatus,
  killComponent,
  reviveComponent,
} from "../../toolchain/kubernetes/cluster.ts";
import type { UpAnswer } from "../docker/support/e2e-fleet.ts";
import { requestsOf, scaledServer } from "./support/autoscaler.ts";
import { ClusterFleet } from "./support/cluster-fleet.ts";
import { isReady, nameOf, podsOf, untilBack, untilGone, ways } from "./support/pod-faults.ts";
import { eventually, Pods } from "./support/pods.ts";
import { SceneWriter } from "./support/scene-writer.ts";
import { configOf } from "./support/shop.ts";
import { RATE, suffer, type Suffered } from "./support/under-load.ts";

/**
 * What a fleet on a cluster survives while it is called and written to: the end of any one pod, a kubelet that is away,
 * and more load than its copies are meant for. Three servers, two copies each, and everything that a fleet has besides.
 * The cases follow each other on one fleet.
 */
let cluster: ClusterFleet;
let clients: Clients;
let config: KubeConfig;
let pods: Pods;
let writer: SceneWriter;

beforeAll(async () => {
  cluster = await ClusterFleet.create((line) => console.log(line), {
    fleetFile: "test/kubernetes/support/three-servers.yaml",
    kubernetes: { cpuRequestPercent: 5 },
  });
  const up = await cluster.fleet.must("up", "--yes", "--json");
  console.log(`up from nothing: ${up.seconds.toFixed(1)} s`);
  clients = await cluster.clients();
  config = configOf(cluster.cluster);
  pods = new Pods(config, cluster.client.namespace);
  writer = new SceneWriter(clients.servers["scene"]!, clients.token);
});

afterAll(async () => {
  writer?.close();
  await cluster?.dispose();
});

async function incarnations(): Promise<Record<string, string>> {
  return (await cluster.stand()).incarnations();
}

/** Seconds in which the fleet has to be well again. */
const limit = 30;

/** What is promised whatever ends. */
function expectSurvived({ missing, twice, writesAfter, back, healthy }: Suffered): void {
  expect(missing, "acknowledged writes that are not there").toEqual([]);
  expect(twice, "writes that were carried out twice").toEqual([]);
  expect(writesAfter).toBeGreaterThan(0);
  expect(back).toBeLessThanOrEqual(limit);
  expect(healthy).toBeLessThanOrEqual(limit);
}

/** Ends the first pod of a component under load; no other pod may be touched by it. */
async function strikePod(component: string, way: keyof typeof ways): Promise<Suffered> {
  const before = await podsOf(pods, component);
  const others = await incarnations();
  const [struck] = before;
  if (!struck) throw new Error(`${component} has no pod`);
  const strike = await ways[way](struck, pods);
  const back = async () => {
    await untilBack(pods, component, before, struck);
    // Calls that it still has may be lost until its very end.
    if (way === "evicted") await untilGone(pods, struck);
  };
  const suffered = await suffer(
    { fleet: cluster.fleet, clients, writer },
    { name: `a pod of ${component} ${way}`, strike, back },
  );
  delete others[nameOf(struck)];
  expect(disturbed(others, await incarnations()), "pods that were not struck").toBe(0);
  return suffered;
}

const both = ["killed", "deleted"] as const;

describe("with another copy that carries on", () => {
  /**
   * Seconds after the fault in which calls may still meet it. The connections of a killed process end with it, and calls
   * that find its port closed go to the other copy: what is lost was under way. The kubelet gives a deleted one 2 s.
   */
  const meets = { killed: 1, deleted: 4 } as const;

  it.each(both)("a server's pod is %s", async (way) => {
    const suffered = await strikePod("scene", way);
    expectSurvived(suffered);
    const { lost, calls } = suffered;
    expect(lost.filter(({ target }) => target !== "scene")).toEqual([]);
    expect(lost.filter(({ due }) => due > meets[way])).toEqual([]);
    // Less than what comes for this server within a second.
    expect(lost.length).toBeLessThanOrEqual(RATE / Object.keys(clients.servers).length);
    expect(calls.longestGapMs).toBeLessThan(2000);
    expect(calls.longestGapOfOneMs).toBeLessThan(3000);
  });

  /** Nobody stands before the gateways but the Service: it sends connections to a dead one until it hears of it. */
  const hears = 6;

  it.each(both)("a gateway's pod is %s", async (way) => {
    const suffered = await strikePod("gateway", way);
    expectSurvived(suffered);
    const { lost, calls } = suffered;
    expect(lost.filter(({ due }) => due > hears)).toEqual([]);
    // Connections, not an answer that says no; but for one that is forced off its node: in its last second it may still
    // have its clients, and no way to the servers any more.
    const cut =
      /^(ECONN(REFUSED|RESET|ABORTED)|EPIPE|E(HOST|NET)UNREACH|timeout|answer broke off .*)$/;
    const noWay = ({ reason, due }: (typeof lost)[number]) =>
      way === "deleted" && reason === "HTTP 503" && due < meets.deleted;
    expect(lost.filter((one) => !cut.test(one.reason) && !noWay(one))).toEqual([]);
    expect(calls.longestGapMs).toBeLessThan(3000);
    // Half of all connections, give or take: chance decides which gateway each one gets.
    expect(lost.length).toBeLessThanOrEqual(hears * RATE * 0.75);
  });
});

describe("evicted, as when its node is drained", () => {
  it.each(["scene", "gateway"])("a pod of %s: no call is lost", async (component) => {
    const suffered = await strikePod(component, "evicted");
    expectSurvived(suffered);
    expect(suffered.lost).toEqual([]);
  });
});

describe("alone, and every call needs it", () => {
  /**
   * `fleet health` asks by one of the two gateways. Each asks a server that it took out once a second (`downinter`), on
   * its own. Seconds, with the time of the answer.
   */
  const otherGateway = 1.5;

  it.each(
    ["pgbouncer", "postgres"].flatMap((component) => both.map((way) => [component, way] as const)),
  )(
    "%s is %s: nothing acknowledged is lost, and servers answer again by themselves",
    async (component, way) => {
      const suffered = await strikePod(component, way);
      expectSurvived(suffered);
      const { lost, healthy } = suffered;
      // The outage, and nothing after it.
      expect(lost.filter(({ due }) => due > healthy + otherGateway)).toEqual([]);
    },
  );
});

describe("the node's kubelet", () => {
  it("is away for 30 s: no call is lost, no pod is made anew", async () => {
    const before = await incarnations();
    const { dir, client, fleet } = cluster;
    const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1";
    let revived = "";
    const suffered = await suffer(
      { fleet, clients, writer },
      {
        name: "kubelet stopped for 30 s",
        strike: async () => {
          await killComponent(dir, "kubelet");
          await sleep(30_000);
          expect(await clusterStatus(dir)).toMatchObject({ state: "broken", ended: ["kubelet"] });
          revived = new Date().toISOString();
          await reviveComponent(dir, "kubelet");
        },
        back: () =>
          eventually("a kubelet that reports", 120, async () => {
            const { spec } = await client.api.get<{ spec: { renewTime: string } }>(lease);
            return spec.renewTime > revived ? true : undefined;
          }),
      },
    );
    expectSurvived(suffered);
    expect(suffered.calls.lostBy).toEqual({});
    expect(suffered.writes.refusedBy).toEqual({});
    expect(await incarnations()).toEqual(before);
    // Asked again: a kubelet that is back calls pods unready until it has probed each of them once.
    await eventually("a release that is live, all parts of it healthy", limit, async () => {
      const { stdout } = await fleet.must("status", "--json");
      const { state, components } = JSON.parse(stdout) as UpAnswer & { readonly state: string };
      expect(state).toBe("live");
      expect(components.filter(({ healthy }) => !healthy)).toEqual([]);
      return true;
    });
  });
});

describe("the autoscaler", () => {
  const scaled = () => scaledServer(config, cluster.client.namespace, "scene");
  let release: string;

  it("is switched on without a pod being touched, and leaves two copies that have little to do", async () => {
    const before = await incarnations();
    cluster.configure({ autoscaling: { maxReplicas: 3 } });
    const up = await cluster.fleet.must("up", "--yes", "--json");
    release = (JSON.parse(up.stdout) as UpAnswer).release;
    expect(disturbed(before, await incarnations())).toBe(0);
    const { autoscaler, desired } = await eventually("real CPU metrics", 120, async () => {
      const now = await scaled();
      return now.cpuPercent === undefined ? undefined : now;
    });
    expect(autoscaler.spec).toMatchObject({ minReplicas: 2, maxReplicas: 3 });
    expect(desired).toBe(2);
  });

  it("adds a copy under load, which gets calls, and an `up` leaves its number alone", async () => {
    const loads: RunningLoad[] = [];
    const more = (rate: number): void => {
      const targets = [{ name: "scene", url: clients.servers["scene"]! }];
      const { token } = clients;
      loads.push(startLoad({ targets, token, rate, modes: ["stateless"] }));
    };
    const began = performance.now();
    const since = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`;
    try {
      // As much as it takes on this machine: autoscalers look at use, not at calls.
      for (let step = 0; step < 6 && (await scaled()).desired === 2; step += 1) {
        more(100);
        for (let wait = 0; wait < 20 && (await scaled()).desired === 2; wait += 1)
          await sleep(1000);
      }
      const acted = await scaled();
      const usage = `${acted.cpuPercent} % of the requested CPU at ${loads.length * 100} calls/s`;
      expect(acted.desired, usage).toBe(3);
      console.log(`autoscaler: ${usage}, 3 copies wanted after ${since()}`);
      const third = `${acted.set.metadata?.name}-2`;
      await eventually("a third ready pod", limit, async () =>
        (await podsOf(pods, "scene")).find((pod) => nameOf(pod) === third && isReady(pod)),
      );
      console.log(`autoscaler: third pod ready after ${since()}`);
      const served = () => requestsOf(cluster.client, third, "scene");
      await eventually(
        "a call to the third pod",
        60,
        async () => (await served()) > 0 || undefined,
      );
      const sent = (): number => loads.reduce((sum, load) => sum + load.now().sent, 0);
      const [before, sentBefore] = [await served(), sent()];
      await sleep(5000);
      const share = ((await served()) - before) / (sent() - sentBefore);
      console.log(`autoscaler: third pod has ${(100 * share).toFixed(0)} % of calls by ${since()}`);
      expect(share).toBeGreaterThan(0.1);

      // What `up` needs of the machine; the autoscaler waits for minutes before it takes a copy away.
      const surplus = await Promise.all(loads.splice(1).map((load) => load.stop()));
      const running = await incarnations();
      const up = await cluster.fleet.must("up", "--yes", "--json");
      expect((JSON.parse(up.stdout) as UpAnswer).release).toBe(release);
      const after = await scaled();
      expect([after.set.spec?.replicas, after.desired]).toEqual([3, 3]);
      expect(disturbed(running, await incarnations())).toBe(0);
      const reports = [...surplus, await loads[0]!.stop()];
      const total = reports.reduce((sum, report) => sum + report.sent, 0);
      const lost = reports.map(({ lostBy }) => lostBy).filter((by) => Object.keys(by).length > 0);
      console.log(`autoscaler: ${total} calls, lost: ${JSON.stringify(lost)}; 3 copies after up`);
      expect(lost).toEqual([]);
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
  });
});
