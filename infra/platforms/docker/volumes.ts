import Docker from "dockerode";
import type { KnownResource } from "../site.ts";

/** Names of the protected volumes. */
export function dataVolumes(resources: readonly KnownResource[]): string[] {
  return resources
    .filter(({ type, protect }) => type === "docker:index/volume:Volume" && protect)
    .map(({ id }) => id!)
    .sort();
}

/** Removes volumes for good; one that is gone already is fine. */
export async function removeVolumes(names: readonly string[]): Promise<void> {
  const docker = new Docker();
  for (const name of names) {
    await docker
      .getVolume(name)
      .remove()
      .catch((error: { statusCode?: number; message: string }) => {
        if (error.statusCode !== 404) throw new Error(`volume ${name}: ${error.message}`);
      });
  }
}
