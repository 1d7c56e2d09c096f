import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { contentTag } from "../components/platform/docker/images.ts";
import type { ImageName } from "../components/platform/platform.ts";
import { bundleServer } from "../servers/build.ts";

/**
 * Makes the build context of the reference server: its Dockerfile and the bundle of `servers/`, so that building the
 * image needs no JavaScript packages. Named by its content: the same sources give the same path, and two programs at
 * once never see half of one.
 *
 * @returns path of the context of each image, relative to the project.
 */
export async function prepareContexts(rootDir: string): Promise<(image: ImageName) => string> {
  const build = join(rootDir, ".build");
  mkdirSync(build, { recursive: true });
  const fresh = mkdtempSync(join(build, "new-"));
  try {
    await bundleServer(fresh);
    copyFileSync(join(rootDir, "images", "mcp-server", "Dockerfile"), join(fresh, "Dockerfile"));
    const target = join(build, `mcp-server-${contentTag(fresh, "")}`);
    if (!existsSync(target)) renameUnlessThere(fresh, target);
    const server = relative(rootDir, target);
    return (image) => (image === "mcp-server" ? server : join("images", image));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Another program may have made the same directory in the meantime: then it has the same content. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
