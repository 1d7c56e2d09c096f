import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { KubernetesApiError } from "../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { KubernetesObject } from "../../../components/platform/kubernetes/objects.ts";
import { users } from "../../../components/platform/users.ts";
import { operatorJob, type PodMonitor } from "../../components/monitoring/operator-jobs.ts";

interface Rules extends KubernetesObject {
  readonly spec: object;
}

const group = "monitoring.coreos.com/v1";
const labels = { "app.kubernetes.io/name": "prometheus" };
const name = "prometheus";
const mount = "/etc/prometheus/operator";

/**
 * A Prometheus in a namespace of its own, and what an operator does for it: whatever monitors and rules a fleet has become
 * its configuration. A change starts it anew, which no operator would, and needs no wait for the kubelet.
 */
export class StandInOperator {
  readonly #client: KubernetesClient;
  readonly #image: string;
  readonly #namespace: string;
  readonly #ended = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #version = "";

  /** @param client of the fleet's namespace. @param image of the project. */
  constructor(client: KubernetesClient, image: string, namespace: string) {
    this.#client = client;
    this.#image = image;
    this.#namespace = namespace;
  }

  async start(): Promise<void> {
    const { api } = this.#client;
    const metadata = { name };
    const rbac = "rbac.authorization.k8s.io";
    await this.#make("/api/v1/namespaces", { metadata: { name: this.#namespace } });
    await this.#make(this.#path("v1", "serviceaccounts"), { metadata });
    await this.#make(`/apis/${rbac}/v1/clusterroles`, {
      metadata,
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    });
    await this.#make(`/apis/${rbac}/v1/clusterrolebindings`, {
      metadata,
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: this.#namespace }],
    });
    await this.#make(this.#path("v1", "services"), {
      metadata,
      spec: { selector: labels, ports: [{ name: "web", port: 80, targetPort: 9090 }] },
    });
    await this.#reconcile();
    this.#loop = (async () => {
      while (!this.#ended.signal.aborted) {
        await sleep(1000, undefined, { signal: this.#ended.signal }).catch(() => undefined);
        // The API server may be busy; the next round sees the same.
        await this.#reconcile().catch(() => undefined);
      }
    })();
    const path = this.#path("apps/v1", "deployments", name);
    for (const until = Date.now() + 120_000; Date.now() < until; await sleep(500)) {
      const found = await api.get<{ readonly status?: { readonly readyReplicas?: number } }>(path);
      if (found.status?.readyReplicas === 1) return;
    }
    throw new Error("the cluster's Prometheus is not ready after 120 s");
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
  }

  async #reconcile(): Promise<void> {
    const { api } = this.#client;
    const [monitors, rules] = await Promise.all([
      api.list<PodMonitor & KubernetesObject>(this.#client.path(group, "podmonitors")),
      api.list<Rules>(this.#client.path(group, "prometheusrules")),
    ]);
    const data: Record<string, string> = {
      "prometheus.yml": stringify({
        global: { scrape_interval: "30s", evaluation_interval: "30s" },
        rule_files: ["*.rules.yml"],
        scrape_configs: monitors.map(operatorJob),
      }),
      ...Object.fromEntries(
        rules.map(({ metadata, spec }) => [`${metadata.name}.rules.yml`, stringify(spec)]),
      ),
    };
    const hash = createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 10);
    if (hash === this.#version) return;
    await this.#make(this.#path("v1", "configmaps"), {
      metadata: { name: `${name}-${hash}` },
      data,
    });
    const spec = this.#deployment(`${name}-${hash}`);
    const path = this.#path("apps/v1", "deployments");
    if (this.#version === "") await this.#make(path, { metadata: { name }, spec });
    else await api.patch(`${path}/${name}`, { spec });
    this.#version = hash;
  }

  #deployment(config: string) {
    return {
      replicas: 1,
      strategy: { type: "Recreate", rollingUpdate: null },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          terminationGracePeriodSeconds: 5,
          securityContext: {
            runAsUser: Number(users.prometheus.split(":")[0]),
            runAsNonRoot: true,
          },
          containers: [
            {
              ...{ name, image: this.#image, imagePullPolicy: "IfNotPresent" },
              args: [`--config.file=${mount}/prometheus.yml`, "--storage.tsdb.path=/data"],
              resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
              readinessProbe: { httpGet: { path: "/-/ready", port: 9090 }, periodSeconds: 2 },
              volumeMounts: [
                { name: "config", mountPath: mount },
                { name: "data", mountPath: "/data" },
              ],
            },
          ],
          volumes: [
            { name: "config", configMap: { name: config } },
            { name: "data", emptyDir: { medium: "Memory", sizeLimit: "256Mi" } },
          ],
        },
      },
    };
  }

  #path(version: string, plural: string, object?: string): string {
    return this.#client.path(version, plural, object, this.#namespace);
  }

  async #make(path: string, body: object): Promise<void> {
    await this.#client.api.post(path, body).catch((error: unknown) => {
      if (!(error instanceof KubernetesApiError) || error.status !== 409) throw error;
    });
  }
}
