import type { KubernetesSettings } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import type { Place } from "./place.ts";
import type { Site } from "./site.ts";

/**
 * The site of a stack. Only the client of its own platform is loaded: that of the other one costs a second.
 *
 * @param settings what the stack asks of a cluster; for `objection`. Default: nothing of its own.
 * @throws with the fix, if there is no way to the place.
 */
export async function siteOf(
  place: Place,
  stack: string,
  settings?: KubernetesSettings,
): Promise<Site> {
  const site = await open(place, stack, settings);
  opened.add(site);
  return site;
}

const opened = new Set<Site>();

/** Ends what sites have opened, such as connections that are kept: as long as they are there, a process does not end. */
export async function closeSites(): Promise<void> {
  await Promise.all([...opened].map((site) => site.close()));
  opened.clear();
}

async function open(
  place: Place,
  stack: string,
  settings: KubernetesSettings | undefined,
): Promise<Site> {
  switch (place.platform) {
    case "docker": {
      const { DockerSite } = await import("./docker/docker-site.ts");
      return new DockerSite(stack);
    }
    case "kubernetes": {
      const { KubernetesSite } = await import("./kubernetes/kubernetes-site.ts");
      return KubernetesSite.open(place, stack, settings);
    }
  }
}
