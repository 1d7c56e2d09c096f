import { afterAll, beforeAll, expect, it } from "vitest";
import { policyFor } from "../../components/health/policy.ts";
import { Prober } from "../../components/health/prober.ts";
import { KubernetesTransport } from "../../components/platform/kubernetes/transport.ts";
import type { UpAnswer } from "../docker/support/e2e-fleet.ts";
import { ClusterFleet } from "./support/cluster-fleet.ts";
import { defineOperatorKinds } from "./support/operator.ts";
import { eventually } from "./support/pods.ts";
import { StandInOperator } from "./support/stand-in-operator.ts";

/**
 * The ten servers on a real cluster whose Prometheus watches them: refused without it, deployed, scraped, judged by it,
 * updated, removed. The cases follow each other on one fleet.
 */

const namespace = "monitoring";
const existing = { prometheus: { service: "prometheus", namespace, port: 80 } };
let cluster: ClusterFleet;
let operator: StandInOperator | undefined;

beforeAll(async () => {
  cluster = await ClusterFleet.create((line) => console.log(line), {
    kubernetes: { monitoring: { existing } },
  });
});

afterAll(async () => {
  await operator?.stop();
  await cluster?.dispose();
});

interface Health {
  readonly healthy: boolean;
  readonly components: readonly { readonly component: string; readonly detail: string }[];
}

async function health(): Promise<Health> {
  const { stdout } = await cluster.fleet.run("health", "--json");
  return JSON.parse(stdout) as Health;
}

it("is refused where there is neither the operator's kinds nor that Prometheus", async () => {
  const { code, stderr } = await cluster.fleet.run("up", "--yes");
  expect(code).toBe(1);
  expect(stderr).toContain(
    "has no podmonitors, prometheusrules of monitoring.coreos.com/v1; install",
  );
  expect(stderr).toContain("there is no Service prometheus of namespace monitoring");
});

it("is deployed without monitoring of its own, and every target is up", async () => {
  await defineOperatorKinds(cluster.client);
  const image = cluster.images.find((reference) => /\/prometheus:/.test(reference))!;
  operator = new StandInOperator(cluster.client, image, namespace);
  await operator.start();
  const { stdout } = await cluster.fleet.must("up", "--yes", "--json");
  const answer = JSON.parse(stdout) as Omit<UpAnswer, "alertmanagerUrl"> & {
    readonly alertmanagerUrl: string | null;
  };
  expect([answer.alertmanagerUrl, answer.grafanaUrl]).toEqual([null, null]);
  expect(answer.prometheusUrl).toMatch(/^http:\/\/prometheus\.monitoring\.svc\./);
  // Two copies of ten servers and of the gateway, and two exporters.
  const targets = await eventually("every target is up", 120, async () => {
    const { components } = await health();
    const detail = components.find(({ component }) => component === "scrape targets")?.detail;
    return detail === "24 of 24 up" ? detail : undefined;
  });
  expect(targets).toBe("24 of 24 up");
  const { healthy, components } = await health();
  expect(healthy).toBe(true);
  const names = components.map(({ component }) => component);
  expect(names).not.toContain("prometheus");
  expect(names).not.toContain("alertmanager");
});

it("has its gate asked there, of its own series alone", async () => {
  const spec = cluster.fleet.spec();
  const scope = { namespace: cluster.client.namespace };
  const { public: policy } = policyFor({
    ...{ servers: spec.servers, database: spec.postgres.name },
    ...{ scrapeIntervalSeconds: 5, health: spec.health, rollout: spec.rollout },
    neighbour: { scope, port: existing.prometheus.port },
  });
  const transport = new KubernetesTransport(cluster.client);
  const workload = `prometheus.${namespace}.svc.cluster.local`;
  const targets = { prometheus: { component: "prometheus", workload } };
  const prober = new Prober({ transport, targets });
  try {
    const about = policy.probes.filter(({ name }) => name.startsWith("prometheus/"));
    expect(about).toHaveLength(2);
    for (const probe of about) {
      const answer = await prober.ask(probe, AbortSignal.timeout(10_000));
      expect(answer, probe.name).toMatchObject({ verdict: "pass" });
    }
    const stranger = { ...about[0]!, query: 'up{namespace="nobody"}' } as (typeof about)[number];
    expect(await prober.ask(stranger, AbortSignal.timeout(10_000))).toMatchObject({
      verdict: "inconclusive",
    });
  } finally {
    prober.close();
    await transport.close();
  }
});

it("is updated: the pods of the new release are scraped, and its own monitors stay as they are", async () => {
  const path = cluster.client.path("monitoring.coreos.com/v1", "podmonitors", "scene-monitor");
  const versionOf = async () =>
    (await cluster.client.api.get<{ metadata: { resourceVersion: string } }>(path)).metadata
      .resourceVersion;
  const before = await versionOf();
  await cluster.fleet.must("up", "--yes", "--set", "servers.scene.memoryMb=200");
  expect(await versionOf()).toBe(before);
  await eventually("every target is up again", 120, async () => {
    const { components } = await health();
    const detail = components.find(({ component }) => component === "scrape targets")?.detail;
    return detail === "24 of 24 up" ? true : undefined;
  });
});
