import { contentTag } from "../components/platform/docker/images.ts";
import type { ImageName } from "../components/platform/platform.ts";

/** Images that are built here; their content is part of what a release is. */
export const builtImages: readonly ImageName[] = [
  "postgres",
  "pgbouncer",
  "haproxy",
  "prometheus",
  "alertmanager",
  "postgres-exporter",
  "pgbouncer-exporter",
  "mcp-server",
];

export interface ImageSources {
  readonly rootDir: string;
  /** Build context of each image, relative to the project. */
  readonly contextOf: (image: ImageName) => string;
  /** Base of every image of the project. */
  readonly baseImage: string;
}

/** Tag of an image of the project: a hash of what goes into it. */
export function imageTag(
  image: ImageName,
  { rootDir, contextOf, baseImage }: ImageSources,
): string {
  return contentTag(`${rootDir}/${contextOf(image)}`, baseImage);
}
