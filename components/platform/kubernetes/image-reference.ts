import type { ImageName } from "../platform.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";

/** Where the nodes find an image of the project. */
export function nodeImage(
  name: ImageName,
  tag: string,
  { registry, references }: KubernetesSettings["images"],
): string {
  return references[name] ?? `${registry}/${name}:${tag}`;
}
