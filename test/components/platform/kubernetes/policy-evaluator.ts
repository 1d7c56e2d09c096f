import { BlockList } from "node:net";

/** What of a NetworkPolicy the fleet uses; anything else is refused, so that nothing is judged that is not understood. */
export interface Policy {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule<"from">[];
  readonly egress?: readonly Rule<"to">[];
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

type Rule<Side extends "from" | "to"> = {
  readonly [side in Side]?: readonly Peer[];
} & { readonly ports?: readonly { readonly protocol: string; readonly port: number }[] };

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string };
}

type Labels = Readonly<Record<string, string>>;

/**
 * A pod of the namespace or of another one, somebody at an address that is no pod's, or anybody else outside of the
 * cluster.
 */
export type Party = Labels | Elsewhere | Address | "outside";

interface Elsewhere {
  readonly namespace: string;
  readonly labels: Labels;
}

interface Address {
  readonly address: string;
}

/**
 * Whether a connection is let through, as the API documents it: policies of a pod add up, one that has none is open, and
 * both ends have to agree.
 */
export function isAllowed(
  policies: readonly Policy[],
  from: Party,
  to: Party,
  port: number,
): boolean {
  const leaves =
    !isPod(from) ||
    side(policies, from, "Egress", ({ egress = [] }) =>
      egress.some((rule) => matches(rule.to, to) && onPort(rule.ports, port)),
    );
  const enters =
    !isPod(to) ||
    side(policies, to, "Ingress", ({ ingress = [] }) =>
      ingress.some((rule) => matches(rule.from, from) && onPort(rule.ports, port)),
    );
  return leaves && enters;
}

function isPod(party: Party): party is Labels {
  return (
    party !== "outside" &&
    typeof (party as Partial<Address>).address !== "string" &&
    !isElsewhere(party)
  );
}

function isElsewhere(party: Party): party is Elsewhere {
  return typeof party === "object" && typeof (party as Partial<Elsewhere>).labels === "object";
}

function side(
  policies: readonly Policy[],
  pod: Labels,
  type: "Ingress" | "Egress",
  allows: (policy: Policy) => boolean,
): boolean {
  const own = policies.filter(
    ({ podSelector, policyTypes }) => selects(podSelector, pod) && policyTypes.includes(type),
  );
  return own.length === 0 || own.some(allows);
}

/** No peers at all means everybody. */
function matches(peers: readonly Peer[] | undefined, party: Party): boolean {
  if (peers === undefined) return true;
  return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if (namespaceSelector !== undefined) {
      // Nobody of the fleet, and nobody outside.
      if (!isElsewhere(party)) return false;
      const name = { "kubernetes.io/metadata.name": party.namespace };
      return selects(namespaceSelector, name) && selects(podSelector ?? {}, party.labels);
    }
    if (ipBlock !== undefined) return isWithin(party, ipBlock.cidr);
    return isPod(party) && podSelector !== undefined && selects(podSelector, party);
  });
}

/** Addresses of pods are in a block of all, too; a narrower one is taken to be of something else. */
function isWithin(party: Party, cidr: string): boolean {
  const [network = "", prefix = ""] = cidr.split("/");
  if (Number(prefix) === 0) return true;
  if (isPod(party) || isElsewhere(party) || party === "outside") return false;
  const block = new BlockList();
  block.addSubnet(network, Number(prefix), network.includes(":") ? "ipv6" : "ipv4");
  return block.check(party.address);
}

function selects({ matchLabels = {} }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([label, value]) => labels[label] === value);
}

function onPort(
  ports: readonly { readonly protocol: string; readonly port: number }[] | undefined,
  port: number,
): boolean {
  return ports === undefined || ports.some((one) => one.protocol === "TCP" && one.port === port);
}
