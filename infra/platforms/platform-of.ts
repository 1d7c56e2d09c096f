import { DockerPlatform } from "../../components/platform/docker/docker-platform.ts";
import type { KubernetesSettings } from "../../components/platform/kubernetes/kubernetes.schema.ts";
import type { ReleaseIdentity } from "../../components/platform/labels.ts";
import type { Platform } from "../../components/platform/platform.ts";
import type { FleetSpec, StackSettings } from "../config/index.ts";
import { imageTag, type ImageSources } from "../project-images.ts";
import type { KubernetesPlace, Place } from "./place.ts";

export interface PlatformOptions {
  readonly place: Place;
  readonly identity: ReleaseIdentity;
  readonly settings: StackSettings;
  readonly spec: FleetSpec;
  readonly sources: ImageSources;
}

/** What makes a fleet real in a place. Only the SDK of its own platform is loaded, but for that of the usual one. */
export async function platformOf(options: PlatformOptions): Promise<Platform> {
  const { place, identity, settings, spec, sources } = options;
  if (place.platform === "docker") {
    return new DockerPlatform("platform", {
      ...{ identity, ...sources },
      ...(spec.postgres.external && { routed: ["db"] }),
      log: spec.logging,
    });
  }
  const [{ KubernetesPlatform }, { untilReadyAs }, apiServer] = await Promise.all([
    import("../../components/platform/kubernetes/kubernetes-platform.ts"),
    import("../../components/platform/kubernetes/awaiting.ts"),
    apiServerOf(place, settings.kubernetes),
  ]);
  return new KubernetesPlatform("platform", {
    ...{ identity, place, apiServer },
    settings: settings.kubernetes,
    untilReady: (inputs) => untilReadyAs(inputs, place),
    tagOf: (image) => imageTag(image, sources),
  });
}

async function apiServerOf(place: KubernetesPlace, settings: KubernetesSettings) {
  const [{ apiServerPlaces }, { KubernetesClient }] = await Promise.all([
    import("../../components/platform/kubernetes/api-server.ts"),
    import("../../components/platform/kubernetes/client.ts"),
  ]);
  const client = await KubernetesClient.open(place);
  try {
    return await apiServerPlaces(client, settings);
  } finally {
    client.close();
  }
}
