import type { networking } from "@pulumi/kubernetes/types/input.js";
import type { Call, Listener, NetworkRole } from "../platform.ts";

import type { ApiServerPlace } from "./api-server.ts";
import type { ExistingMonitoring } from "./kubernetes.schema.ts";

type PolicySpec = networking.v1.NetworkPolicySpec;
type Peer = networking.v1.NetworkPolicyPeer;

/** Labels of pods by which policies find those that call, and those that are called. */
const roleLabels = {
  calls: (role: NetworkRole) => `mcp-fleet/calls-${role}`,
  serves: (role: NetworkRole) => `mcp-fleet/serves-${role}`,
} as const;

export interface Edges {
  readonly listens: readonly Listener[];
  readonly calls: readonly Call[];
}

/** What leads out of the fleet's own networks. */
export interface Outside {
  /** Whether clients outside of the fleet may call the ports on `edge`. */
  readonly open: boolean;
  /** Where the API server is, for those that ask it. */
  readonly apiServer?: readonly ApiServerPlace[];
  /**
   * Pods of somebody else's Prometheus, which call on `obs` in place of one of the fleet.
   *
   * @default - the fleet has its own
   */
  readonly scraper?: Peer;
}

/** Labels of a pod with these edges. No policy selects who calls the outside: a first receiver of alerts starts no pod anew. */
export function edgeLabels({ listens, calls }: Edges): Record<string, string> {
  const serves = listens.map(({ network }) => roleLabels.serves(network));
  const inside = calls.filter(({ network }) => network !== "edge");
  return Object.fromEntries(
    [...inside.map(({ network }) => roleLabels.calls(network)), ...serves]
      .sort()
      .map((label) => [label, "yes"]),
  );
}

/** Nothing in, nothing out, for every pod of the namespace: what a workload's own policy does not allow is refused. */
export const denyAll: PolicySpec = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };

/**
 * What one workload may do: be called on its ports by pods that call that network, and call pods that serve the
 * networks it calls. A connection needs the leave of both sides.
 */
export function policyOf(
  selector: Readonly<Record<string, string>>,
  { listens, calls }: Edges,
  { open, apiServer = [], scraper }: Outside,
): PolicySpec {
  const outside = calls.some(({ network }) => network === "edge");
  const inside = calls.filter(({ network }) => network !== "edge");
  const ingress = listens.flatMap(({ port, network }) => {
    const ports = [{ protocol: "TCP", port }];
    if (network === "edge") return open ? [{ ports }] : [];
    const own: Peer = { podSelector: { matchLabels: { [roleLabels.calls(network)]: "yes" } } };
    return [{ from: [(network === "obs" && scraper) || own], ports }];
  });
  const egress = [
    nameServers,
    ...inside.map(({ network, ports, outside: blocks }) => ({
      to: blocks?.map((cidr) => ({ ipBlock: { cidr } })) ?? [
        { podSelector: { matchLabels: { [roleLabels.serves(network)]: "yes" } } },
      ],
      ...(ports && { ports: sorted(ports).map((port) => ({ protocol: "TCP", port })) }),
    })),
    // Receivers of alerts are anywhere but in the cluster's own networks.
    ...(outside
      ? [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }, { ipBlock: { cidr: "::/0" } }] }]
      : []),
    ...apiServer.map(({ cidrs, ports }) => ({
      to: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
      ports: sorted(ports).map((port) => ({ protocol: "TCP", port })),
    })),
  ];
  return {
    podSelector: { matchLabels: { ...selector } },
    policyTypes: ["Ingress", "Egress"],
    ingress,
    egress,
  };
}

/** Kubernetes itself labels every namespace with its name. */
const namespaceName = "kubernetes.io/metadata.name";

/** Where the pods of an existing Prometheus are. */
export function scraperOf({ prometheus, scraper }: ExistingMonitoring): Peer {
  const { namespace = prometheus.namespace, podLabels } = scraper;
  return {
    namespaceSelector: { matchLabels: { [namespaceName]: namespace } },
    podSelector: { matchLabels: podLabels },
  };
}

function sorted(ports: readonly number[]): number[] {
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** Every cluster has its name servers in this namespace. */
const nameServers = {
  to: [{ namespaceSelector: { matchLabels: { [namespaceName]: "kube-system" } } }],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};
