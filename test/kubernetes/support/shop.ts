import { KubeConfig } from "@kubernetes/client-node";
import { type Cluster, startCluster } from "../../../toolchain/kubernetes/cluster.ts";
import { boxPod, eventually, Pods } from "./pods.ts";

export const NAMESPACE = "shop";

/** A cluster with a server, its Service and two pods that may want something of it. */
export interface Shop {
  readonly cluster: Cluster;
  readonly config: KubeConfig;
  readonly pods: Pods;
  readonly addresses: Readonly<Record<"server" | "friend" | "stranger", string>>;
}

/** Connects as the administrator. */
export function configOf(cluster: Cluster): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  return config;
}

/** Starts a cluster in `dir` and opens a shop, in a namespace that enforces the `restricted` level. */
export async function startShop(dir: string, log: (line: string) => void): Promise<Shop> {
  const cluster = await startCluster({ dir, log });
  const config = configOf(cluster);
  const pods = new Pods(config, NAMESPACE);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await pods.core.createNamespace({ body: { metadata: { name: NAMESPACE, labels } } });
  await eventually("service account", 10, () =>
    pods.core.readNamespacedServiceAccount({ namespace: NAMESPACE, name: "default" }),
  );
  const [server, friend, stranger] = await Promise.all([
    pods.run(boxPod("server", { app: "server" }, ["serve", "8080", "9090"])),
    pods.run(boxPod("friend", { app: "friend" }, ["pause"])),
    pods.run(boxPod("stranger", { app: "stranger" }, ["pause"])),
  ]);
  await pods.core.createNamespacedService({
    namespace: NAMESPACE,
    body: {
      metadata: { name: "server" },
      spec: {
        type: "NodePort",
        selector: { app: "server" },
        ports: [{ port: 80, targetPort: "http" }],
      },
    },
  });
  return { cluster, config, pods, addresses: { server, friend, stranger } };
}
