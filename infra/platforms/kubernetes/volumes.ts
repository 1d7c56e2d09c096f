import { setTimeout as delay } from "node:timers/promises";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { KubernetesObject } from "../../../components/platform/kubernetes/objects.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import type { KnownResource } from "../site.ts";

const claimType = "kubernetes:core/v1:PersistentVolumeClaim";

/** A claim goes when the last pod that uses it has gone. Milliseconds. */
const patienceMs = 60_000;

/** Names of the protected claims, as `<namespace>/<name>`. */
export function dataVolumes(resources: readonly KnownResource[]): string[] {
  return resources
    .filter(({ type, protect }) => type === claimType && protect)
    .map(({ id }) => id!)
    .sort();
}

/**
 * Removes claims, and with them their volumes as the storage class says; then the namespace, if it is the stack's own.
 *
 * @throws if a claim is still in use after a minute.
 */
export async function removeVolumes(
  client: KubernetesClient,
  stack: string,
  ids: readonly string[],
): Promise<void> {
  await Promise.all(
    ids.map(async (id) => {
      const name = id.slice(id.indexOf("/") + 1);
      const path = client.path("v1", "persistentvolumeclaims", name);
      await client.api.delete(path);
      const deadline = Date.now() + patienceMs;
      while ((await client.api.find(path)) !== undefined) {
        if (Date.now() > deadline) {
          throw new Error(
            `volume ${id}: still in use after ${patienceMs / 1000} s; it goes with the last pod that mounts it`,
          );
        }
        await delay(250);
      }
    }),
  );
  const path = `/api/v1/namespaces/${client.namespace}`;
  const namespace = await client.api.find<KubernetesObject>(path);
  if (namespace?.metadata.labels?.[labelNames.stack] === stack) await client.api.delete(path);
}
