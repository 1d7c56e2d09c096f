import { NobodyThereError } from "../transport.ts";
import type { KubernetesClient } from "./client.ts";
import type { KubernetesObject } from "./objects.ts";

/** A Service that somebody else has, in a namespace of its own. */
export interface ForeignService {
  readonly name: string;
  readonly namespace: string;
  /** Of the Service; its pods may listen on another one. */
  readonly port: number;
}

/** Where a Service leads. */
export interface ServiceEnd {
  readonly pod: string;
  readonly namespace: string;
  /** Of the pod. */
  readonly port: number;
}

/** The Service is there, and none of its pods is ready. */
export class NobodyReadyError extends NobodyThereError {
  constructor(service: string) {
    super(`no ready pod is behind ${service}`);
    this.name = "NobodyReadyError";
  }
}

interface Service extends KubernetesObject {
  readonly spec: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

interface EndpointSlice extends KubernetesObject {
  readonly ports?: readonly { readonly name?: string; readonly port?: number }[] | null;
  readonly endpoints?:
    | readonly {
        readonly conditions?: { readonly ready?: boolean };
        readonly targetRef?: { readonly kind?: string; readonly name?: string };
      }[]
    | null;
}

/** What has to be allowed in the Service's namespace, so that it can be asked. */
export const serviceRights = [
  { group: "", resource: "services", verbs: ["get"] },
  { group: "discovery.k8s.io", resource: "endpointslices", verbs: ["list"] },
  // A connection that is upgraded begins with a GET; newer servers ask for create as well.
  { group: "", resource: "pods/portforward", verbs: ["get", "create"] },
] as const;

/**
 * The ready pods behind a Service, by name.
 *
 * @throws NobodyThereError if there is no such Service or port; NobodyReadyError; KubernetesApiError.
 */
export async function serviceEnds(
  client: KubernetesClient,
  { name, namespace, port }: ForeignService,
  signal?: AbortSignal,
): Promise<readonly ServiceEnd[]> {
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const slicesPath = client.path("discovery.k8s.io/v1", "endpointslices", undefined, namespace);
  const [service, slices] = await Promise.all([
    client.api.find<Service>(client.path("v1", "services", name, namespace), { signal }),
    client.api.list<EndpointSlice>(slicesPath, { signal, query: { labelSelector } }),
  ]);
  const where = `Service ${name} of namespace ${namespace}`;
  if (service === undefined) throw new NobodyThereError(`there is no ${where}`);
  const ports = service.spec.ports ?? [];
  const asked = ports.find((one) => one.port === port);
  if (asked === undefined) {
    const known = ports.map((one) => one.port).join(", ");
    throw new NobodyThereError(`${where} has no port ${port}, only ${known}`);
  }
  const ends = slices.flatMap((slice) => {
    const inside = (slice.ports ?? []).find((one) => (one.name ?? "") === (asked.name ?? ""))?.port;
    return (slice.endpoints ?? []).flatMap(({ conditions, targetRef }) =>
      inside !== undefined && conditions?.ready !== false && targetRef?.kind === "Pod"
        ? [{ pod: targetRef.name ?? "", namespace, port: inside }]
        : [],
    );
  });
  if (ends.length === 0) throw new NobodyReadyError(where);
  // Of two address families a pod has a slice each.
  const byPod = new Map(ends.map((end) => [end.pod, end]));
  return [...byPod.values()].sort((a, b) => (a.pod < b.pod ? -1 : 1));
}
