import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { KubernetesObject } from "../../../components/platform/kubernetes/objects.ts";
import { parseImageReference, registryProbeUrl } from "../../../toolchain/image-reference.ts";
import { isReachable } from "../../../toolchain/probe.ts";
import type { FleetSpec } from "../../config/index.ts";

interface Node extends KubernetesObject {
  readonly status?: { readonly images?: readonly { readonly names?: readonly string[] }[] };
}

/**
 * Whether Grafana is part of the fleet: asked for, or `auto` and its image can be had. Nobody outside knows what a node
 * can pull; that one has the image, or that its registry answers here, is the best guess.
 */
export async function wantsGrafana(
  client: KubernetesClient,
  { monitoring: { grafana } }: FleetSpec,
): Promise<boolean> {
  if (grafana.enabled !== "auto") return grafana.enabled === "yes";
  const nodes = await client.api.list<Node>("/api/v1/nodes").catch((): readonly Node[] => []);
  const names = nodes.flatMap(({ status }) => (status?.images ?? []).flatMap((one) => one.names));
  // Nodes say the whole name: that of the default registry is left out by people.
  if (names.some((name) => name === grafana.image || name?.endsWith(`/${grafana.image}`))) {
    return true;
  }
  const url = registryProbeUrl(parseImageReference(grafana.image), undefined);
  return url !== undefined && (await isReachable(url));
}
