import type { Relabelling } from "../platform.ts";

/** What Prometheus knows of a pod of the list. */
export function podMeta(label: string): string {
  return `__meta_kubernetes_pod_${label}`;
}

/**
 * Pods are called at their addresses.
 *
 * A target that is no pod of the list has no such label, and stays as it is.
 */
export function byAddress(port: number): Relabelling[] {
  return [
    addressOf("ip", "([^:]+)", `$1:${port}`),
    // IPv6
    addressOf("ip", "(.*:.*)", `[$1]:${port}`),
  ];
}

/** Pods are called by their names: the names by which gates and the gateway know them. */
export function byName(regex: string, host: string, port: number): Relabelling[] {
  return [addressOf("name", regex, `${host}:${port}`)];
}

/** The address is the label `instance`, too. */
function addressOf(label: string, regex: string, replacement: string): Relabelling {
  return { source_labels: [podMeta(label)], regex, target_label: "__address__", replacement };
}

/** Labels that every series of a target gets. */
export function asLabels(labels: object): Relabelling[] {
  return Object.entries<string>({ ...labels }).map(([target_label, replacement]) => ({
    target_label,
    replacement,
  }));
}
