import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where the cluster's directory is inside the node's mounts: short, since paths of sockets are limited to 107 bytes. */
export const NODE_DIR = "/run/node";

/** Where the built programs are inside the node's mounts. */
export const NODE_BIN = "/run/bin";

/** Socket of containerd inside the node's mounts; every node has a `/run` of its own. */
export const CONTAINERD_SOCKET = "/run/containerd/containerd.sock";

/** Socket where starting pods wait for their NetworkPolicies, inside the node's mounts. */
export const POLICY_SOCKET = "/run/network-policies.sock";

export const NODE_NAME = "node-1";
export const CLUSTER_DOMAIN = "cluster.local";
export const API_PORT = 6443;
export const METRICS_PORT = 4443;

/** Blocks of addresses that a cluster may take: `10.BLOCK.0.0/16`. */
export const BLOCKS = { first: 200, last: 249 } as const;

/** Names and addresses of one cluster. Ports are fixed, since the node has a network of its own. */
export interface Layout {
  /** Directory that holds everything of the cluster, absolute. */
  readonly dir: string;
  /** Eight hex digits, the same for the same directory. */
  readonly id: string;
  /** This machine's end of the link to the node. */
  readonly link: string;
  /** Cgroup of all pods, below the root of every hierarchy. */
  readonly cgroup: string;
  /** Second number of all addresses. */
  readonly block: number;
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly podRange: string;
  readonly serviceRange: string;
  /** Address of the API server for pods. */
  readonly apiService: string;
  readonly dnsService: string;
  /** URL of the API server, from this machine and from the node. */
  readonly apiUrl: string;
  readonly kubeconfig: string;
}

/** Identity of the cluster in a directory; `block` is chosen when it starts. */
export function layoutOf(dir: string, block: number): Layout {
  const id = createHash("sha256").update(dir).digest("hex").slice(0, 8);
  const at = (tail: string): string => `10.${block}.${tail}`;
  return {
    dir,
    id,
    // Names of interfaces have at most 15 bytes.
    link: `fleet-${id}`,
    cgroup: `mcp-fleet-${id}`,
    block,
    hostAddress: at("0.1"),
    nodeAddress: at("0.2"),
    podRange: at("1.0/24"),
    serviceRange: at("2.0/24"),
    apiService: at("2.1"),
    dnsService: at("2.10"),
    apiUrl: `https://${at("0.2")}:${API_PORT}`,
    kubeconfig: join(dir, "kubeconfig"),
  };
}

/** Directories below the cluster's that a stopped cluster does not leave; logs stay. */
export const STATE_DIRS = [
  "bin",
  "config",
  "containerd",
  "etcd",
  "kubelet",
  "node-log",
  "pki",
  "run",
  "sysctl",
  "volumes",
] as const;

/** Files of the cluster's directory that a stopped cluster does not leave. */
export const STATE_FILES = ["cluster.json", "images.json", "kubeconfig"] as const;

/**
 * A block whose addresses no route of the machine covers, beginning at one that follows from the directory.
 * Undefined when every block is taken.
 *
 * @param routes destinations as `ip route` prints them (`10.200.0.0/30`, `172.17.0.0/16`, `default`)
 */
export function freeBlock(routes: readonly string[], id: string): number | undefined {
  const count = BLOCKS.last - BLOCKS.first + 1;
  const start = parseInt(id, 16) % count;
  for (let i = 0; i < count; i++) {
    const block = BLOCKS.first + ((start + i) % count);
    if (!routes.some((route) => overlaps(route, block))) return block;
  }
  return undefined;
}

function overlaps(route: string, block: number): boolean {
  const match = /^(\d+)\.(\d+)\.\d+\.\d+(?:\/(\d+))?$/.exec(route);
  if (match === null || match[1] !== "10") return false;
  const prefix = match[3] === undefined ? 32 : Number(match[3]);
  const kept = Math.min(Math.max(prefix - 8, 0), 8);
  const mask = (0xff << (8 - kept)) & 0xff;
  return (Number(match[2]) & mask) === (block & mask);
}
