import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { KubernetesPlatform } from "../../components/platform/kubernetes/kubernetes-platform.ts";
import { kubernetesSchema } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import { amountOf } from "../../components/platform/kubernetes/quantity.ts";
import { parse } from "yaml";
import { renderDashboards } from "../../components/monitoring/dashboards/fleet-dashboards.ts";
import { scopeDashboard, scopeRules } from "../../components/monitoring/scope.render.ts";
import { neighboursOf } from "../../components/platform/kubernetes/neighbours.ts";
import { labelNames } from "../../components/platform/labels.ts";
import { serverMetricsPort } from "../../components/servers/mcp-server.schema.ts";
import { loadFleet } from "../../infra/config/index.ts";
import { Fleet } from "../../infra/fleet.ts";
import { amountsOf, claimsOf, partsOf } from "../../infra/platforms/kubernetes/fit/demand.ts";
import type { GuardedParts } from "../../infra/release-gates.ts";
import { rootDir } from "../../infra/root-dir.ts";
import {
  isAllowed,
  type Party,
  type Policy,
} from "../components/platform/kubernetes/policy-evaluator.ts";

// Dynamic resources carry their code as text; the test runner rewrites imports in it, so the code cannot be taken along.
vi.mock("../../components/platform/kubernetes/live-files.ts", async () => {
  const { CustomResource } = await import("@pulumi/pulumi");
  class LiveFilesResource extends CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
      super("pulumi-nodejs:dynamic/mcpfleet:LiveSecret", name, args, opts);
    }
  }
  return { LiveFilesResource };
});

/** Wiring only: what a cluster makes of it is tested on one. */

interface Created {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly serviceAccountName?: string;
  readonly securityContext: Record<string, unknown>;
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly env?: readonly { readonly name: string; readonly value: string }[];
    readonly securityContext: Record<string, unknown>;
    readonly resources: { readonly limits: Record<string, string>; readonly requests: object };
    readonly readinessProbe?: object;
    readonly volumeMounts?: readonly { readonly subPath?: string }[];
  }[];
}

interface Template {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: PodSpec;
}

const created: Created[] = [];

await pulumi.runtime.setMocks(
  {
    newResource: ({ type, name, inputs }) => {
      const state = inputs as Record<string, unknown>;
      created.push({ type, name, inputs: state });
      const metadata = state["metadata"] as Record<string, unknown> | undefined;
      return {
        id: `${name}-id`,
        state: {
          ...state,
          ...(metadata && { metadata: { name: `${name}-0a1b2c3d`, ...metadata } }),
          ...(type.endsWith("RandomPassword") && { result: `made-for-${name}` }),
        },
      };
    },
    call: ({ token }) => {
      throw new Error(`unexpected call of ${token}`);
    },
  },
  "mcp-fleet",
  "prod",
  false,
);

const { fleet: spec } = loadFleet({ fleetPath: "fleets/writing.yaml", env: {}, sets: [], rootDir });
const servers = spec.servers.map(({ name }) => name);
const settings = kubernetesSchema.parse({
  replicas: 2,
  autoscaling: { maxReplicas: 4 },
  gateway: { ingress: { host: "mcp.example.com", tlsSecret: "mcp-tls" } },
  monitoring: {
    prometheusRules: { labels: { release: "monitoring" } },
    dashboards: { annotations: { grafana_folder: "MCP fleet" } },
  },
});
const dashboards = renderDashboards(spec.monitoring);

const ofKind = (kind: string): Created[] =>
  created.filter(({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`));
const templates = (): { name: string; template: Template }[] =>
  ["StatefulSet", "Deployment", "Job"].flatMap((kind) =>
    ofKind(kind).map(({ name, inputs }) => ({
      name,
      template: (inputs["spec"] as { template: Template }).template,
    })),
  );
const labelsOf = (name: string): Record<string, string> => {
  const found = templates().find((one) => one.name === name);
  if (!found) throw new Error(`no pods of ${name}`);
  return found.template.metadata.labels;
};

const valueOf = <Value>(output: pulumi.Input<Value>): Promise<pulumi.Unwrap<Value>> =>
  new Promise((resolve) => pulumi.output(output).apply(resolve));

let fleet: Fleet;
/** What each gate guards. */
const guarded: GuardedParts[] = [];
beforeAll(async () => {
  const gate = (parts: GuardedParts) => {
    guarded.push(parts);
    return new pulumi.ComponentResource("test:index:Gate", `gate-${created.length}`);
  };
  const platform = new KubernetesPlatform("platform", {
    identity: {
      ...{ stack: "prod", release: "r-1", transaction: "t-1", lineage: "l-1" },
      previous: new Map(),
    },
    place: { namespace: "mcp-fleet-prod" },
    settings,
    apiServer: [
      { cidrs: ["10.96.0.1/32"], ports: [443] },
      { cidrs: ["192.0.2.7/32", "192.0.2.8/32"], ports: [6443] },
    ],
    tagOf: () => "0123456789abcdef",
  });
  fleet = new Fleet("prod", {
    platform,
    spec,
    grafana: false,
    dashboards,
    gates: { before: {}, firstStep: 100, private: gate, public: gate },
  });
  await vi.waitFor(() => expect(templates()).toHaveLength(servers.length + 9), 30_000);
});

describe("the writing fleet on a cluster", () => {
  it("keeps every pod within the restricted standard and bounded", () => {
    for (const { name, template } of templates()) {
      const { securityContext, containers } = template.spec;
      expect(securityContext, name).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      expect(securityContext["runAsUser"], name).toBeGreaterThan(0);
      for (const container of containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(Object.keys(container.resources.limits).sort(), name).toEqual(["cpu", "memory"]);
        expect(
          container.volumeMounts?.filter(({ subPath }) => subPath !== undefined) ?? [],
          name,
        ).toEqual([]);
      }
    }
  });

  it("asks for exactly what is compared with quotas before", () => {
    const registered = ["StatefulSet", "Deployment", "Job"].flatMap((kind) =>
      ofKind(kind).map(({ name, inputs }) => {
        const { replicas = 1, template } = inputs["spec"] as {
          readonly replicas?: number;
          readonly template: Template;
        };
        const { resources } = template.spec.containers[0]!;
        return { owner: name, kind, copies: replicas, pod: amountsOf(resources) };
      }),
    );
    const asked = { fleet: spec, settings, grafana: false };
    const byOwner = (a: { owner: string }, b: { owner: string }) => (a.owner < b.owner ? -1 : 1);
    expect(
      partsOf(asked)
        .map(({ owner, kind, copies, pod }) => ({ owner, kind, copies, pod }))
        .sort(byOwner),
    ).toEqual(registered.sort(byOwner));
    expect(
      claimsOf(asked)
        .map(({ bytes }) => bytes)
        .sort(),
    ).toEqual(
      ofKind("PersistentVolumeClaim")
        .map(({ inputs }) => {
          const { resources } = inputs["spec"] as {
            readonly resources: { readonly requests: { readonly storage: string } };
          };
          return amountOf(resources.requests.storage);
        })
        .sort(),
    );
    // What quotas are told of Services.
    expect(ofKind("Service")).toHaveLength(registered.filter(({ kind }) => kind !== "Job").length);
  });

  it("lets Prometheus see pods of its namespace, and gives nobody else a token", () => {
    for (const { name, template } of templates()) {
      const { automountServiceAccountToken, serviceAccountName } = template.spec;
      const asks = name === "prometheus";
      expect([automountServiceAccountToken, serviceAccountName], name).toEqual(
        asks ? [true, "prometheus"] : [false, undefined],
      );
    }
    const [account, ...noMore] = ofKind("ServiceAccount");
    expect(noMore).toEqual([]);
    expect(account!.inputs).toMatchObject({
      metadata: { name: "prometheus" },
      automountServiceAccountToken: false,
    });
    expect(ofKind("Role").map(({ inputs }) => inputs["rules"])).toEqual([
      [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    ]);
    expect(ofKind("RoleBinding").map(({ inputs }) => inputs)).toMatchObject([
      {
        roleRef: { kind: "Role", name: "prometheus" },
        subjects: [{ kind: "ServiceAccount", name: "prometheus", namespace: "mcp-fleet-prod" }],
      },
    ]);
    expect(created.filter(({ type }) => type.includes(":Cluster"))).toEqual([]);
  });

  it("finds the pods of servers and gateway by their labels, the current release's alone", () => {
    const files = created.find(({ name }) => name === "prometheus-config-live")!;
    const { "prometheus.yml": text } = JSON.parse(files.inputs["files"] as string) as Record<
      string,
      string
    >;
    const { scrape_configs: jobs } = parse(text!) as {
      scrape_configs: {
        job_name: string;
        static_configs?: { targets: string[] }[];
        kubernetes_sd_configs?: { selectors: { label: string }[] }[];
      }[];
    };
    const found = jobs.filter((job) => job.kubernetes_sd_configs !== undefined);
    expect(found.map(({ job_name }) => job_name)).toEqual([...servers, "gateway"].sort());
    for (const { job_name, static_configs, kubernetes_sd_configs } of found) {
      const [{ selectors }] = kubernetes_sd_configs as [{ selectors: { label: string }[] }];
      const pairs = selectors[0]!.label.split(",").map((pair) => pair.split("="));
      const selected = templates().filter(({ template }) =>
        pairs.every(([label, value]) => template.metadata.labels[label!] === value),
      );
      expect(selected.map(({ name }) => name)).toEqual([job_name]);
      const revision = selected[0]!.template.metadata.labels[labelNames.revision]!;
      expect(pairs.some(([, value]) => value === revision)).toBe(job_name !== "gateway");
      const set = `${job_name}-${revision.slice(0, 7)}`;
      expect(static_configs).toEqual(
        job_name === "gateway"
          ? undefined
          : [
              {
                targets: [0, 1].map(
                  (copy) => `${set}-${copy}.${set}.mcp-fleet-prod.svc.cluster.local:9464`,
                ),
              },
            ],
      );
    }
  });

  it("gives its rules to an operator, as its own Prometheus has them, for its own series alone", () => {
    const live = created.find(({ name }) => name === "prometheus-config-live")!;
    const files = JSON.parse(live.inputs["files"] as string) as Record<string, string>;
    const own = Object.keys(files).filter((file) => file.endsWith(".rules.yml"));
    const given = ofKind("PrometheusRule");
    expect(given.map(({ name }) => name).sort()).toEqual(
      own.map((file) => `${file.replace(".rules.yml", "")}-rules`).sort(),
    );
    for (const { type, name, inputs } of given) {
      expect(type).toBe("kubernetes:monitoring.coreos.com/v1:PrometheusRule");
      expect(inputs, name).toMatchObject({
        apiVersion: "monitoring.coreos.com/v1",
        metadata: {
          ...{ name, namespace: "mcp-fleet-prod" },
          labels: {
            release: "monitoring",
            [labelNames.stack]: "prod",
            [labelNames.lineage]: "l-1",
            [labelNames.revision]: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
          },
        },
      });
      const file = files[`${name.replace(/-rules$/, "")}.rules.yml`]!;
      expect(inputs["spec"]).toEqual(scopeRules(file, { namespace: "mcp-fleet-prod" }));
    }
  });

  it("gives its dashboards to a Grafana's sidecar, without one of its own", () => {
    expect(fleet.grafana).toBeUndefined();
    const maps = ofKind("ConfigMap");
    expect(maps.map(({ name }) => name).sort()).toEqual(
      Object.keys(dashboards)
        .map((file) => file.replace(".json", "-dashboard"))
        .sort(),
    );
    for (const { name, inputs } of maps) {
      expect(inputs["metadata"], name).toMatchObject({
        ...{ name, namespace: "mcp-fleet-prod" },
        labels: { grafana_dashboard: "1", [labelNames.stack]: "prod" },
        annotations: { grafana_folder: "MCP fleet" },
      });
      const file = name.replace(/-dashboard$/, ".json");
      expect(inputs["data"]).toEqual({
        [`mcp-fleet-prod-${file}`]: scopeDashboard(dashboards[file]!, {
          namespace: "mcp-fleet-prod",
        }),
      });
    }
    // Changed in place, or a sidecar that sees the old one go takes the new one away.
    const provider = created.find(({ name }) => name === "cluster")!;
    expect(provider.inputs["enableConfigMapMutable"]).toBe("true");
  });

  it("gives neither to anybody where nobody asked", () => {
    const owner = { namespace: "n", labels: () => ({}), options: () => ({}) };
    const { monitoring } = kubernetesSchema.parse({});
    expect(neighboursOf(monitoring, "n", owner)).toEqual({ scope: { namespace: "n" } });
  });

  it("asks every pod that stays whether it is ready", () => {
    const silent = templates()
      .filter(({ template }) => !template.spec.containers[0]!.readinessProbe)
      .map(({ name }) => name);
    expect(silent.sort()).toEqual(["gateway-trial", "migrations"]);
  });

  it("puts no secret into an environment", () => {
    const text = JSON.stringify(templates());
    expect(text).not.toContain("made-for-");
  });

  it("names what starts beside its predecessor after its content, and selects its pods by it", () => {
    for (const server of servers) {
      const set = ofKind("StatefulSet").find(({ name }) => name === server)!.inputs;
      const { metadata, spec: own } = set as {
        metadata: { name: string };
        spec: { serviceName: string; selector: { matchLabels: Record<string, string> } };
      };
      const revision = own.selector.matchLabels[labelNames.revision]!;
      expect(metadata.name).toBe(`${server}-${revision.slice(0, 7)}`);
      expect(own.serviceName).toBe(metadata.name);
      expect(labelsOf(server)).toMatchObject(own.selector.matchLabels);
    }
  });

  it("lets exactly the declared connections through", () => {
    const policies = ofKind("NetworkPolicy").map(({ inputs }) => inputs["spec"] as Policy);
    const parties = new Map<string, Party>([
      ["outside", "outside"],
      ["api-service", { address: "10.96.0.1" }],
      ["api-server", { address: "192.0.2.8" }],
      ["beside-it", { address: "192.0.2.9" }],
      ...templates().map(({ name, template }): [string, Party] => [name, template.metadata.labels]),
    ]);
    const strangers = new Set(["outside", "api-service", "api-server", "beside-it"]);
    const ports = new Map(spec.servers.map(({ name, port }) => [name, port]));
    const exporters = ["postgres-exporter 9187", "pgbouncer-exporter 9127"];
    const expected = [
      "outside gateway 8080",
      ...[...ports.values()].map((port) => `outside gateway ${port}`),
      // Receivers of alerts.
      ...[8080, 9090].map((port) => `alertmanager outside ${port}`),
      ...servers.flatMap((name) => [
        `gateway ${name} ${ports.get(name)}`,
        `prometheus ${name} ${serverMetricsPort}`,
        `${name} pgbouncer 6432`,
      ]),
      ...["pgbouncer postgres 5432", "migrations postgres 5432", "postgres-exporter postgres 5432"],
      "pgbouncer-exporter pgbouncer 6432",
      ...exporters.map((exporter) => `prometheus ${exporter}`),
      ...["prometheus api-service 443", "prometheus api-server 6443"],
      ...["prometheus gateway 8405", "prometheus alertmanager 9093", "prometheus prometheus 9090"],
    ];
    const tried = [
      ...[443, 6443, 5432, 6432, 8080, 8405, 9090, 9093, 9127, 9187, serverMetricsPort],
      ...ports.values(),
    ];
    const found: string[] = [];
    for (const [from, one] of parties) {
      for (const [to, other] of parties) {
        if (strangers.has(from) && strangers.has(to)) continue;
        for (const port of tried) {
          if (isAllowed(policies, one, other, port)) found.push(`${from} ${to} ${port}`);
        }
      }
    }
    const outward = found.filter((edge) => edge.startsWith("alertmanager "));
    // Alertmanager may call the world: of the fleet that is the gateway, which is open to the world.
    expect(new Set(outward.map((edge) => edge.split(" ")[1]))).toEqual(
      new Set([...strangers, "gateway"]),
    );
    // Whoever comes from an address is one of the outside.
    const others = (edges: readonly string[]) =>
      edges.filter((edge) => !/^(alertmanager|api-\w+|beside-it) /.test(edge)).sort();
    expect(others(found)).toEqual(others(expected));
  });

  it("balances over every copy that there may be", async () => {
    const files = created.find(({ name }) => name === "gateway-files-live")!;
    const { "haproxy.cfg": config } = JSON.parse(
      (files.inputs["files"] as { value?: string }).value ?? (files.inputs["files"] as string),
    ) as Record<string, string>;
    const lines = config!.split("\n").filter((line) => /^ {2}server scene-/.test(line));
    expect(lines.map((line) => line.endsWith("init-addr last,none"))).toEqual([
      ...[false, false],
      // Those that may be are not waited for.
      ...[true, true],
    ]);
    expect(lines[3]).toMatch(
      /scene-[0-9a-f]{7}-3\.scene-[0-9a-f]{7}\.mcp-fleet-prod\.svc\.cluster\.local:3005/,
    );
    expect(fleet.gateway.url).toBe("https://mcp.example.com");
    await Promise.resolve();
  });

  it("has its gates told copies that are from copies that may be", async () => {
    for (const parts of guarded) {
      const [endpoints, elastic] = await Promise.all(
        [parts["scene"]!.endpoints!, parts["scene"]!.elastic!].map(valueOf),
      );
      const pod = (copy: number) =>
        expect.stringMatching(
          new RegExp(`^(scene-[0-9a-f]{7})-${copy}[.]\\1[.]mcp-fleet-prod[.]svc`),
        ) as string;
      expect(endpoints).toEqual([pod(0), pod(1)]);
      expect(elastic).toEqual([pod(2), pod(3)]);
      expect(parts["postgres"]).not.toHaveProperty("elastic");
    }
    expect(guarded).toHaveLength(2);
  });

  it("has an autoscaler between the copies that are there and those that may be", () => {
    const scaler = ofKind("HorizontalPodAutoscaler").find(({ name }) => name === "scene")!;
    expect(scaler.inputs["spec"]).toMatchObject({ minReplicas: 2, maxReplicas: 4 });
  });

  it("keeps a copy of everything that has several when nodes are drained", () => {
    expect(
      ofKind("PodDisruptionBudget")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...servers, "gateway"].sort());
    expect(
      ofKind("HorizontalPodAutoscaler")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...servers].sort());
  });

  it("puts the restricted standard on the namespace", () => {
    const [namespace] = ofKind("Namespace");
    expect(namespace!.inputs["metadata"]).toMatchObject({
      name: "mcp-fleet-prod",
      labels: { "pod-security.kubernetes.io/enforce": "restricted" },
    });
  });
});
