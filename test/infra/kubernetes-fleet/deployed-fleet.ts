import * as pulumi from "@pulumi/pulumi";
import { expect } from "vitest";
import { renderDashboards } from "../../../components/monitoring/dashboards/fleet-dashboards.ts";
import { KubernetesPlatform } from "../../../components/platform/kubernetes/kubernetes-platform.ts";
import {
  kubernetesSchema,
  type KubernetesSettings,
} from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import { loadFleet } from "../../../infra/config/index.ts";
import { Fleet } from "../../../infra/fleet.ts";
import type { GuardedParts } from "../../../infra/release-gates.ts";
import { rootDir } from "../../../infra/root-dir.ts";
import { recordResources, type Created } from "../record-resources.ts";

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

export interface Template {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: PodSpec;
}

export const { fleet: spec } = loadFleet({
  fleetPath: "fleets/writing.yaml",
  env: {},
  // With somebody outside to be told.
  sets: ['receivers=[{"name":"desk","kind":"webhook"}]', 'routes.critical=["desk"]'].map(
    (set) => `monitoring.alertmanager.${set}`,
  ),
  rootDir,
});
export const servers = spec.servers.map(({ name }) => name);
export const settings = kubernetesSchema.parse({
  replicas: 2,
  autoscaling: { maxReplicas: 4 },
  gateway: { ingress: { host: "mcp.example.com", tlsSecret: "mcp-tls" } },
  monitoring: {
    prometheusRules: { labels: { release: "monitoring" } },
    dashboards: { annotations: { grafana_folder: "MCP fleet" } },
  },
});
export const dashboards = renderDashboards(spec.monitoring);

/** The writing fleet as the program registers it for a cluster. */
export class DeployedFleet {
  readonly created: Created[] = [];
  /** What each gate guards. */
  readonly guarded: GuardedParts[] = [];
  readonly #settings: KubernetesSettings;
  #fleet: Fleet | undefined;

  constructor(own = settings) {
    this.#settings = own;
  }

  get fleet(): Fleet {
    return this.#fleet!;
  }

  async deploy(): Promise<void> {
    await recordResources(this.created);
    const gate = (parts: GuardedParts) => {
      this.guarded.push(parts);
      return new pulumi.ComponentResource("test:index:Gate", `gate-${this.created.length}`);
    };
    const platform = new KubernetesPlatform("platform", {
      identity: {
        ...{ stack: "prod", release: "r-1", transaction: "t-1", lineage: "l-1" },
        previous: new Map(),
      },
      place: { namespace: "mcp-fleet-prod" },
      settings: this.#settings,
      apiServer: [
        { cidrs: ["10.96.0.1/32"], ports: [443] },
        { cidrs: ["192.0.2.7/32", "192.0.2.8/32"], ports: [6443] },
      ],
      tagOf: () => "0123456789abcdef",
    });
    this.#fleet = new Fleet("prod", {
      platform,
      spec,
      grafana: false,
      dashboards,
      receivers: { desk: "https://desk.example/alerts" },
      gates: { before: {}, firstStep: 100, private: gate, public: gate },
    });
    // Until all is registered: some of what is claimed comes after the last pods.
    await pulumi.runtime.disconnect();
    const others = this.#settings.monitoring.existing ? 7 : 9;
    expect(this.templates()).toHaveLength(servers.length + others);
  }

  ofKind(kind: string): Created[] {
    return this.created.filter(
      ({ type }) => type.startsWith("kubernetes:") && type.endsWith(`:${kind}`),
    );
  }

  templates(): { name: string; template: Template }[] {
    return ["StatefulSet", "Deployment", "Job"].flatMap((kind) =>
      this.ofKind(kind).map(({ name, inputs }) => ({
        name,
        template: (inputs["spec"] as { template: Template }).template,
      })),
    );
  }

  labelsOf(name: string): Record<string, string> {
    const found = this.templates().find((one) => one.name === name);
    if (!found) throw new Error(`no pods of ${name}`);
    return found.template.metadata.labels;
  }
}
