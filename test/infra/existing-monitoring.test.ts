import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { healthSchema } from "../../components/health/health.schema.ts";
import { policyFor } from "../../components/health/policy.ts";
import { scopeQuery } from "../../components/monitoring/scope.render.ts";
import { kubernetesSchema } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import { labelNames } from "../../components/platform/labels.ts";
import { operatorJob, type PodMonitor } from "../components/monitoring/operator-jobs.ts";
import { relabelled, type Step } from "../components/monitoring/relabelled.ts";
import {
  isAllowed,
  type Party,
  type Policy,
} from "../components/platform/kubernetes/policy-evaluator.ts";
import { DeployedFleet, servers, settings, spec } from "./kubernetes-fleet/deployed-fleet.ts";

vi.mock("../../components/platform/kubernetes/live-files.ts", async () => ({
  LiveFilesResource: (await import("./without-code.ts")).withoutCode("LiveSecret"),
}));

const namespace = "mcp-fleet-prod";
const existing = {
  prometheus: { service: "kube-prometheus", namespace: "monitoring", port: 80 },
  labels: { release: "kube" },
};

/** The same fleet on the same cluster, with its own monitoring and with the cluster's. */
const own = new DeployedFleet();
const shared = new DeployedFleet({
  ...settings,
  // Rules are given in any case; that they are asked for as well must not take away what selects them.
  monitoring: kubernetesSchema.parse({
    monitoring: { existing, dashboards: {}, prometheusRules: {} },
  }).monitoring,
});
beforeAll(async () => {
  await own.deploy();
  await pulumi.runtime.disconnect();
  await shared.deploy();
  await pulumi.runtime.disconnect();
});

interface Job {
  readonly job_name: string;
  readonly static_configs?: readonly {
    readonly targets: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly kubernetes_sd_configs?: readonly {
    readonly selectors: readonly { readonly label: string }[];
  }[];
  readonly relabel_configs?: readonly Step[];
  readonly metric_relabel_configs?: readonly Step[];
}

function ownConfig() {
  const live = own.created.find(({ name }) => name === "prometheus-config-live")!;
  const files = JSON.parse(live.inputs["files"] as string) as Record<string, string>;
  return parse(files["prometheus.yml"]!) as {
    readonly global: Readonly<Record<string, unknown>>;
    readonly scrape_configs: readonly Job[];
  };
}

const monitors = () =>
  shared.ofKind("PodMonitor").map(({ inputs }) => inputs as never as PodMonitor);

/** What Prometheus knows of the pods of a deployed fleet, two of each that may have several. */
function podsOf(deployed: DeployedFleet): Record<string, string>[] {
  return deployed.templates().flatMap(({ name, template }) => {
    const { labels } = template.metadata;
    const set = servers.includes(name)
      ? `${name}-${labels[labelNames.revision]!.slice(0, 7)}`
      : name;
    const several = servers.includes(name) || name === "gateway";
    return Array.from({ length: several ? 2 : 1 }, (_, copy) => {
      // The same in both fleets.
      const ip = `10.0.${name.length}.${copy}`;
      return {
        __address__: ip,
        __meta_kubernetes_namespace: namespace,
        ...meta("name", `${set}-${copy}`),
        ...meta("ip", ip),
        ...meta("phase", "Running"),
        ...meta("container_name", name),
        ...Object.fromEntries(
          Object.entries(labels).flatMap(([label, value]) => {
            const known = label.replaceAll(/[^A-Za-z0-9_]/g, "_");
            return [
              [`__meta_kubernetes_pod_label_${known}`, value],
              [`__meta_kubernetes_pod_labelpresent_${known}`, "true"],
            ];
          }),
        ),
      };
    });
  });
}

function meta(label: string, value: string): Record<string, string> {
  return { [`__meta_kubernetes_pod_${label}`]: value };
}

/** Labels of series, as text and each once: the same labels are the same target. */
function targetsOf(found: readonly (Record<string, string> | undefined)[]): string[] {
  const labelled = found.flatMap((labels) => {
    if (labels === undefined) return [];
    const { __address__: instance, ...rest } = labels;
    return [JSON.stringify(Object.entries({ ...rest, instance }).sort())];
  });
  return [...new Set(labelled)].sort();
}

function ownTargets({ job_name, static_configs = [], ...job }: Job): string[] {
  const steps = job.relabel_configs ?? [];
  const named = static_configs.flatMap(({ targets, labels }) =>
    targets.map((address) => ({ __address__: address, ...labels })),
  );
  const selected = (job.kubernetes_sd_configs ?? []).flatMap(({ selectors }) =>
    podsOf(own).filter((pod) =>
      selectors[0]!.label.split(",").every((pair) => {
        const [label, value] = pair.split("=") as [string, string];
        return pod[`__meta_kubernetes_pod_label_${label.replaceAll(/\W/g, "_")}`] === value;
      }),
    ),
  );
  return targetsOf(
    [...named, ...selected].map((found) => relabelled(steps, { job: job_name, ...found })),
  );
}

const sharedTargets = (monitor: PodMonitor, pods = podsOf(shared)) => {
  const { job_name, relabel_configs } = operatorJob(monitor);
  return targetsOf(pods.map((pod) => relabelled(relabel_configs, { job: job_name, ...pod })));
};

describe("a fleet that the cluster's Prometheus watches", () => {
  it("has no monitoring of its own: nothing that runs, keeps data, listens or may see pods", () => {
    const mine = /^(prometheus|alertmanager|grafana)/;
    const made = shared.created.filter(
      ({ name, type }) => mine.test(name) && !/^mcpfleet:/.test(type),
    );
    expect(made).toEqual([]);
    for (const kind of ["ServiceAccount", "Role", "RoleBinding"]) {
      expect(shared.ofKind(kind)).toEqual([]);
    }
    const { alertmanagerUrl, grafanaUrl, prometheusUrl } = shared.fleet.monitoring;
    expect([alertmanagerUrl, grafanaUrl]).toEqual([undefined, undefined]);
    expect(prometheusUrl).toBe("http://kube-prometheus.monitoring.svc.cluster.local:80");
  });

  it("is scraped with the labels of its own jobs, each of them, and its namespace", () => {
    const jobs = ownConfig().scrape_configs.filter(
      ({ job_name }) => !["prometheus", "alertmanager"].includes(job_name),
    );
    const scraped = monitors().map((monitor) => sharedTargets(monitor));
    const expected = jobs.map((job) =>
      ownTargets(job).map((text) => {
        const labels = JSON.parse(text) as [string, string][];
        return JSON.stringify([...labels, ["namespace", namespace]].sort());
      }),
    );
    expect(expected.every((targets) => targets.length > 0)).toBe(true);
    expect(expected.flat()).toHaveLength(2 * servers.length + 2 + 2);
    expect(scraped.flat().sort()).toEqual(expected.flat().sort());
    expect(scraped).toHaveLength(jobs.length);
  });

  it("is scraped at the pace and within the bounds of its own jobs, and its series are changed alike", () => {
    const { global, scrape_configs } = ownConfig();
    const { evaluation_interval, external_labels, ...pace } = global;
    expect([evaluation_interval, external_labels]).not.toContain(undefined);
    for (const monitor of monitors()) {
      const job = operatorJob(monitor);
      const name = monitor.metadata.name.replace(/-monitor$/, "");
      expect(job, name).toMatchObject(pace);
      const mine = scrape_configs.find(({ job_name }) => job_name === name)!;
      expect(job.metric_relabel_configs, name).toEqual(mine.metric_relabel_configs);
    }
  });

  it("has the pods of another release scraped at once, by their own names", () => {
    const scene = monitors().find(({ metadata }) => metadata.name === "scene-monitor")!;
    expect(JSON.stringify(scene.spec)).not.toContain(
      shared.labelsOf("scene")[labelNames.revision]!.slice(0, 7),
    );
    const revision = labelNames.revision.replaceAll(/\W/g, "_");
    const next = podsOf(shared).map((pod) => ({
      ...pod,
      ...meta("name", "scene-0000000-1"),
      [`__meta_kubernetes_pod_label_${revision}`]: "000000000000",
    }));
    expect(sharedTargets(scene, next).join()).toContain(
      `"scene-0000000-1.scene-0000000.${namespace}.svc.cluster.local:9464"`,
    );
  });

  it("gives its objects the labels that the operator looks for, and says whose they are", () => {
    const given = [...shared.ofKind("PodMonitor"), ...shared.ofKind("PrometheusRule")];
    expect(given).toHaveLength(servers.length + 3 + 8);
    for (const { name, inputs } of given) {
      expect(inputs["metadata"], name).toMatchObject({
        ...{ name, namespace },
        labels: { release: "kube", [labelNames.stack]: "prod" },
      });
    }
  });

  it("has rules only when everything is scraped of which they would say that it is absent", () => {
    const places = (kind: string): number[] =>
      shared.ofKind(kind).map((given) => shared.created.indexOf(given));
    expect(Math.max(...places("PodMonitor"))).toBeLessThan(Math.min(...places("PrometheusRule")));
  });

  it("has its rules there: at its own pace, with its labels, and without those about what it has not", () => {
    const groups = shared
      .ofKind("PrometheusRule")
      .flatMap(
        ({ inputs }) =>
          (inputs["spec"] as { groups: { interval: string; rules: Record<string, unknown>[] }[] })
            .groups,
      );
    expect(new Set(groups.map(({ interval }) => interval))).toEqual(
      new Set([ownConfig().global["evaluation_interval"]]),
    );
    const rules = groups.flatMap((group) => group.rules);
    const alerts = rules.filter((rule) => "alert" in rule);
    for (const { labels } of alerts) {
      expect(labels).toMatchObject({
        namespace,
        ...(ownConfig().global["external_labels"] as object),
      });
    }
    const names = alerts.map(({ alert }) => alert as string);
    expect(names).toContain("Watchdog");
    expect(names.filter((name) => /^(Prometheus|Alertmanager)/.test(name))).toEqual([]);
    // A part without a single target is down as well.
    const down = alerts.find(({ alert }) => alert === "ServiceDown")!["expr"] as string;
    for (const server of servers) {
      const series = scopeQuery(`up{component="mcp-server", service="${server}"}`, { namespace });
      expect(down).toContain(`absent(${series})`);
    }
  });

  it("lets that Prometheus call every metrics port, and nobody else that was not let in before", () => {
    const prometheus = { "app.kubernetes.io/name": "prometheus" };
    const strangers: Record<string, Party> = {
      scraper: { namespace: "monitoring", labels: { ...prometheus, prometheus: "k8s" } },
      "beside the scraper": { namespace: "monitoring", labels: { app: "grafana" } },
      "like the scraper": { namespace: "somewhere", labels: prometheus },
    };
    const edges = (deployed: DeployedFleet): string[] => {
      const policies = deployed
        .ofKind("NetworkPolicy")
        .map(({ inputs }) => inputs["spec"] as Policy);
      const pods = deployed
        .templates()
        .map(({ name, template }) => [name, template.metadata.labels] as const);
      const ports = [5432, 6432, 8080, 8405, 9090, 9093, 9127, 9187, 9464, 3005];
      return [...Object.entries(strangers), ...pods].flatMap(([from, one]) =>
        pods.flatMap(([to, other]) =>
          ports
            .filter((port) => isAllowed(policies, one, other, port))
            .map((port) => `${from} ${to} ${port}`),
        ),
      );
    };
    const before = edges(own);
    const gone = / (prometheus|alertmanager) |^(prometheus|alertmanager) /;
    const added = edges(shared).filter((edge) => !before.includes(edge));
    expect(added.sort()).toEqual(
      before
        .filter(
          (edge) => edge.startsWith("prometheus ") && !/ (prometheus|alertmanager) /.test(edge),
        )
        .map((edge) => edge.replace(/^prometheus/, "scraper"))
        .sort(),
    );
    expect(before.filter((edge) => !gone.test(edge) && !edges(shared).includes(edge))).toEqual([]);
  });

  it("has that Prometheus guarded by the gate after the switch, and no Alertmanager", () => {
    const [before, after] = shared.guarded;
    expect(before).not.toHaveProperty("prometheus");
    expect(after).not.toHaveProperty("alertmanager");
    expect(after!["prometheus"]).toEqual({
      address: "kube-prometheus.monitoring.svc.cluster.local",
      id: "http://kube-prometheus.monitoring.svc.cluster.local:80",
    });
  });

  it("has each of its queries asked there of its own series", () => {
    const asked = {
      ...{ servers: spec.servers, database: "d", health: spec.health, rollout: spec.rollout },
      scrapeIntervalSeconds: 15,
    };
    const queries = (given: Parameters<typeof policyFor>[0]) =>
      policyFor(given).public.probes.flatMap((probe) => (probe.kind === "promql" ? [probe] : []));
    const ours = queries(asked);
    expect(ours.length).toBeGreaterThan(10);
    expect(queries({ ...asked, neighbour: { scope: { namespace }, port: 80 } })).toEqual(
      ours.map((probe) => ({ ...probe, port: 80, query: scopeQuery(probe.query, { namespace }) })),
    );
  });

  it("has a query to another part asked of that part, as it is", () => {
    const own = {
      ...{ name: "scene/rows", subject: "scene", kind: "promql", port: 8428, tags: ["watch"] },
      ...{ query: "rows", operator: ">", threshold: 0 },
    };
    const asked = {
      ...{ servers: spec.servers, database: "d", rollout: spec.rollout, scrapeIntervalSeconds: 15 },
      health: healthSchema.parse({ probes: [own] }),
      neighbour: { scope: { namespace }, port: 80 },
    };
    expect(policyFor(asked).public.probes).toContainEqual(
      expect.objectContaining({ name: "scene/rows", port: 8428, query: "rows" }),
    );
  });
});
