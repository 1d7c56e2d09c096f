/** Namespace of a stack that names none. */
export function defaultNamespace(stack: string): string {
  return `mcp-fleet-${stack}`;
}

/** Name of a workload of one release: two releases of it live side by side. */
export function revisionedName(workload: string, revision: string): string {
  return `${workload}-${revision.slice(0, 7)}`;
}

export interface Zone {
  readonly namespace: string;
  /** DNS domain of the cluster. */
  readonly clusterDomain: string;
}

/**
 * Whole name of a Service. HAProxy asks name servers without the search domains of its pod, and a whole name is found
 * with one question instead of four.
 */
export function serviceHost(service: string, { namespace, clusterDomain }: Zone): string {
  return `${service}.${namespace}.svc.${clusterDomain}`;
}

/** Whole name of one pod of a StatefulSet behind its headless Service. */
export function podHost(set: string, ordinal: number, zone: Zone): string {
  return `${set}-${ordinal}.${serviceHost(set, zone)}`;
}

/** Labels that every series of a namespace has, and no other's, where targets are found in the API server. */
export function seriesOf(namespace: string): { readonly namespace: string } {
  return { namespace };
}
