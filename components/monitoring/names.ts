/** Logical names of the workloads that watch a fleet, each with a volume of its own; their addresses derive from them. */
export const prometheusName = "prometheus";
export const alertmanagerName = "alertmanager";
export const grafanaName = "grafana";

/** Name by which the state knows the volume of one of them. */
export function monitoringVolume(component: string): string {
  return `${component}-data`;
}
