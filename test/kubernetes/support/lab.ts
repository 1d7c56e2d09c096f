import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import { startCluster, stopCluster } from "../../../toolchain/kubernetes/cluster.ts";
import { boxPod } from "./pods.ts";

/** A namespace of its own in the cluster of KUBECONFIG, which has to know the box image; else in one made for it. */
export interface Lab {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly stack: string;
  close(): Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const own = process.env["KUBECONFIG"] ? undefined : await mkdtemp(join(tmpdir(), "fleet-lab-"));
  const kubeconfig =
    own === undefined
      ? process.env["KUBECONFIG"]!
      : (await startCluster({ dir: own, log: () => undefined })).kubeconfig;
  const namespace = `lab-${randomBytes(4).toString("hex")}`;
  const client = await KubernetesClient.open({ namespace, kubeconfig });
  const labels = { "mcp-fleet/stack": namespace };
  await client.api.post("/api/v1/namespaces", {
    metadata: { name: namespace, labels: { ...labels, ...restricted } },
  });
  return {
    ...{ client, namespace, kubeconfig, stack: namespace },
    close: async () => {
      await client.api.delete(`/api/v1/namespaces/${namespace}`);
      client.close();
      if (own === undefined) return;
      await stopCluster(own, () => undefined);
      await rm(own, { recursive: true, force: true });
    },
  };
}

const restricted = { "pod-security.kubernetes.io/enforce": "restricted" };

export interface BoxSet {
  readonly replicas?: number;
  readonly args: readonly string[];
  readonly image?: string;
  /** Of the container, instead of the box's own. */
  readonly over?: object;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Makes a StatefulSet whose pods run the box image. */
export async function makeSet({ client, stack }: Lab, name: string, set: BoxSet): Promise<void> {
  const labels = {
    ...{ "mcp-fleet/stack": stack, "mcp-fleet/component": name, "mcp-fleet/lineage": "mine" },
    ...set.labels,
  };
  const { spec } = boxPod(name, labels, set.args, { ...(set.image && { image: set.image }) });
  const { restartPolicy: _, ...pod } = spec!;
  const [container] = pod.containers;
  await client.api.post(client.path("apps/v1", "statefulsets"), {
    metadata: { name, labels },
    spec: {
      ...{ replicas: set.replicas ?? 1, serviceName: name, podManagementPolicy: "Parallel" },
      selector: { matchLabels: { "mcp-fleet/component": name } },
      template: {
        metadata: { labels },
        spec: { ...pod, containers: [{ ...container, ...set.over }] },
      },
    },
  });
}
