import { expect, it } from "vitest";
import { parse } from "yaml";
import { scopeDashboard, scopeRules } from "../../../components/monitoring/scope.render.ts";
import { kubernetesSchema } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { neighboursOf } from "../../../components/platform/kubernetes/neighbours.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import { dashboards, servers, type DeployedFleet } from "./deployed-fleet.ts";

/** What watches the fleet, and what the cluster's own monitoring is given. */
export function monitoringClaims(deployed: DeployedFleet): void {
  it("lets Prometheus see pods of its namespace, and gives nobody else a token", () => {
    for (const { name, template } of deployed.templates()) {
      const { automountServiceAccountToken, serviceAccountName } = template.spec;
      const asks = name === "prometheus";
      expect([automountServiceAccountToken, serviceAccountName], name).toEqual(
        asks ? [true, "prometheus"] : [false, undefined],
      );
    }
    const [account, ...noMore] = deployed.ofKind("ServiceAccount");
    expect(noMore).toEqual([]);
    expect(account!.inputs).toMatchObject({
      metadata: { name: "prometheus" },
      automountServiceAccountToken: false,
    });
    expect(deployed.ofKind("Role").map(({ inputs }) => inputs["rules"])).toEqual([
      [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    ]);
    expect(deployed.ofKind("RoleBinding").map(({ inputs }) => inputs)).toMatchObject([
      {
        roleRef: { kind: "Role", name: "prometheus" },
        subjects: [{ kind: "ServiceAccount", name: "prometheus", namespace: "mcp-fleet-prod" }],
      },
    ]);
    expect(deployed.created.filter(({ type }) => type.includes(":Cluster"))).toEqual([]);
  });

  it("finds the pods of servers and gateway by their labels, the current release's alone", () => {
    const files = deployed.created.find(({ name }) => name === "prometheus-config-live")!;
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
      const selected = deployed
        .templates()
        .filter(({ template }) =>
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
    const live = deployed.created.find(({ name }) => name === "prometheus-config-live")!;
    const files = JSON.parse(live.inputs["files"] as string) as Record<string, string>;
    const own = Object.keys(files).filter((file) => file.endsWith(".rules.yml"));
    const given = deployed.ofKind("PrometheusRule");
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
    expect(deployed.fleet.monitoring.grafanaUrl).toBeUndefined();
    const maps = deployed.ofKind("ConfigMap");
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
    const provider = deployed.created.find(({ name }) => name === "cluster")!;
    expect(provider.inputs["enableConfigMapMutable"]).toBe("true");
  });

  it("gives neither to anybody where nobody asked", () => {
    const owner = {
      ...{ namespace: "n", zone: { namespace: "n", clusterDomain: "cluster.local" } },
      ...{ selector: () => ({}), labels: () => ({}), options: () => ({}) },
    };
    const { monitoring } = kubernetesSchema.parse({});
    expect(neighboursOf(monitoring, owner)).toEqual({ scope: { namespace: "n" } });
  });
}
