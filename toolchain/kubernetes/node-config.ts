import {
  CLUSTER_DOMAIN,
  CONTAINERD_SOCKET,
  type Layout,
  NODE_BIN,
  NODE_DIR,
  NODE_NAME,
  POLICY_SOCKET,
} from "./layout.ts";
import { BOX_IMAGE } from "./versions.ts";

/**
 * Configuration of the node's own containerd. Lowering the OOM score is refused on some small machines, and without
 * `restrict_oom_score_adj` no pod would start there.
 */
export function renderContainerd(): string {
  return `version = 2
root = "${NODE_DIR}/containerd"
state = "/run/containerd"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]

[grpc]
address = "${CONTAINERD_SOCKET}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${BOX_IMAGE}"
restrict_oom_score_adj = true
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "${NODE_BIN}"
conf_dir = "${NODE_DIR}/config/cni"
`;
}

/**
 * How a pod gets its network: a link of its own to the node, routed, so that every packet between pods passes the
 * node's rules without a bridge and its module.
 */
export function renderCni(layout: Layout): string {
  return json({
    cniVersion: "1.0.0",
    name: "pods",
    plugins: [
      {
        type: "ptp",
        ipam: {
          type: "host-local",
          dataDir: "/run/cni",
          ranges: [[{ subnet: layout.podRange }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", backend: "nftables", capabilities: { portMappings: true } },
      { type: "policy-gate", socket: POLICY_SOCKET },
    ],
  });
}

/** Configuration of the kubelet. Durations are Go's. */
export function renderKubelet(layout: Layout): string {
  return json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${NODE_DIR}/pki/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${NODE_DIR}/pki/kubelet-server.crt`,
    tlsPrivateKeyFile: `${NODE_DIR}/pki/kubelet-server.key`,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDomain: CLUSTER_DOMAIN,
    clusterDNS: [layout.dnsService],
    // This machine's own resolver and search list mean nothing to pods.
    resolvConf: `${NODE_DIR}/config/resolv.conf`,
    volumePluginDir: `${NODE_DIR}/kubelet/volume-plugins`,
    seccompDefault: true,
    maxPods: 200,
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    readOnlyPort: 0,
    // Images come by import alone: what is collected would be missing until somebody imports it again.
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%" },
  });
}

/** Configuration of kube-proxy. */
export function renderProxy(layout: Layout): string {
  return json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clientConnection: { kubeconfig: `${NODE_DIR}/config/proxy.kubeconfig` },
    clusterCIDR: layout.podRange,
    hostnameOverride: NODE_NAME,
    oomScoreAdj: 0,
    // The table of connections is the whole machine's: its size is not ours to set.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    nftables: { minSyncPeriod: "200ms", syncPeriod: "60s" },
  });
}

/** Corefile of the cluster's DNS. Pods have no way out, so every other name does not exist, and is said so at once. */
export function renderCorefile(): string {
  return `.:53 {
    errors
    health :8080 {
        lameduck 0s
    }
    ready :8181
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
        pods insecure
        ttl 5
    }
    template ANY ANY . {
        rcode NXDOMAIN
    }
    cache 5
}
`;
}

/**
 * Kernel settings of the whole machine that the kubelet would change. It reads files that say what it wants to see
 * instead, and so leaves the machine as it is.
 */
export const SYSCTLS: Readonly<Record<string, string>> = {
  "kernel/keys/root_maxbytes": "25000000",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
};

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
