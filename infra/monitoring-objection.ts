import {
  alertmanagerName,
  grafanaName,
  monitoringVolume,
  prometheusName,
} from "../components/monitoring/names.ts";
import { nameOf } from "./release/deployment.ts";
import type { KnownResource } from "./platforms/site.ts";
import { howToForget, protectedLeft } from "./protected-volumes.ts";

/** Volumes that only monitoring of the fleet's own has. */
const own = [prometheusName, alertmanagerName, grafanaName].map(monitoringVolume);

/**
 * Why a stack that has volumes of its own monitoring cannot leave them for somebody else's yet; undefined if it can. They
 * are protected: the engine would refuse in the middle of the update what is said here before.
 *
 * @param existing whether monitoring of the platform serves in place of the fleet's own.
 */
export function monitoringObjection(
  existing: boolean,
  resources: readonly KnownResource[],
  stack: string,
): string | undefined {
  if (!existing) return undefined;
  const left = protectedLeft(resources).filter(({ urn }) => own.includes(nameOf(urn)));
  if (left.length === 0) return undefined;
  return [
    `mcp-fleet:kubernetes.monitoring.existing: this stack has volumes with what its own monitoring has recorded, and they are protected`,
    `  ${howToForget(left, stack)}`,
  ].join("\n");
}
