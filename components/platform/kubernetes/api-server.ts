import { KubernetesApiError } from "./api.ts";
import type { KubernetesClient } from "./client.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";

/** Address blocks and ports at which pods reach the API server. */
export interface ApiServerPlace {
  readonly cidrs: readonly string[];
  readonly ports: readonly number[];
}

interface Slice {
  readonly endpoints?: readonly { readonly addresses: readonly string[] }[] | null;
  readonly ports?: readonly { readonly port?: number }[];
}

interface Service {
  readonly spec: {
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly { readonly port: number }[];
  };
}

/** It is no pod, so no label selects it; these are the ports that API servers have. */
export const anywhere: readonly ApiServerPlace[] = [
  { cidrs: ["0.0.0.0/0", "::/0"], ports: [443, 6443] },
];

/**
 * Where the API server is, as the settings say, else as the cluster itself does: its Service and what is behind that, for
 * network plugins may judge a packet before or after its address was rewritten. Whoever may not look gets every address,
 * on the ports that API servers have.
 */
export async function apiServerPlaces(
  { api }: Pick<KubernetesClient, "api">,
  { apiServer }: Pick<KubernetesSettings, "apiServer">,
): Promise<readonly ApiServerPlace[]> {
  if (apiServer) return [apiServer];
  try {
    const [service, slices] = await Promise.all([
      api.get<Service>("/api/v1/namespaces/default/services/kubernetes"),
      api.list<Slice>("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
        query: { labelSelector: "kubernetes.io/service-name=kubernetes" },
      }),
    ]);
    const { clusterIPs = [], ports = [] } = service.spec;
    const behind = slices.map((slice) =>
      placeOf(
        (slice.endpoints ?? []).flatMap(({ addresses }) => addresses),
        (slice.ports ?? []).flatMap(({ port }) => port ?? []),
      ),
    );
    const found = [
      placeOf(
        clusterIPs,
        ports.map(({ port }) => port),
      ),
      ...behind,
    ].filter(({ cidrs, ports: at }) => cidrs.length > 0 && at.length > 0);
    return found.length > 1 ? found : anywhere;
  } catch (error) {
    if (error instanceof KubernetesApiError && error.status === 403) return anywhere;
    throw error;
  }
}

/** Sorted: the order in which a cluster lists its addresses says nothing. */
function placeOf(addresses: readonly string[], ports: readonly number[]): ApiServerPlace {
  const single = addresses.map((address) => `${address}/${address.includes(":") ? 128 : 32}`);
  return {
    cidrs: [...new Set(single)].sort(),
    ports: [...new Set(ports)].sort((a, b) => a - b),
  };
}
