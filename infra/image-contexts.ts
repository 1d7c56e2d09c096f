import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative } from "node:path";
import { contentTag } from "../components/platform/docker/images.ts";
import type { ImageName } from "../components/platform/platform.ts";

/**
 * Makes the build context of the reference server: the files of its folder and the bundle of `servers/`, so that
 * building the image needs no JavaScript packages. Named by its content: the same sources give the same path, and two
 * programs at once never see half of one. Bundled anew only when the sources or the installed packages have changed.
 *
 * @returns path of the context of each image, relative to the project.
 */
export async function prepareContexts(rootDir: string): Promise<(image: ImageName) => string> {
  const build = join(rootDir, ".build");
  mkdirSync(build, { recursive: true });
  const sources = sourcesTag(rootDir);
  const made = sources === undefined ? undefined : join(build, `sources-${sources}`);
  let target = made === undefined ? undefined : earlierContext(build, made);
  if (target === undefined) {
    target = await makeContext(rootDir, build);
    if (made !== undefined) writeFileSync(made, basename(target));
  }
  const server = relative(rootDir, target);
  return (image) => (image === "mcp-server" ? server : join("images", image));
}

async function makeContext(rootDir: string, build: string): Promise<string> {
  // Loaded only here: the bundler costs time on every start.
  const { bundleServer } = await import("../servers/build.ts");
  const fresh = mkdtempSync(join(build, "new-"));
  try {
    await bundleServer(fresh);
    cpSync(ownFolder(rootDir), fresh, { recursive: true });
    const target = join(build, `mcp-server-${contentTag(fresh, "")}`);
    if (!existsSync(target)) renameUnlessThere(fresh, target);
    return target;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Hash of everything that the context is made of; undefined where npm kept no record of the packages. */
function sourcesTag(rootDir: string): string | undefined {
  const packages = join(rootDir, "node_modules", ".package-lock.json");
  if (!existsSync(packages)) return undefined;
  const hash = createHash("sha256").update(readFileSync(packages));
  for (const folder of [join(rootDir, "servers"), ownFolder(rootDir)])
    hash.update("\0").update(contentTag(folder, ""));
  return hash.digest("hex").slice(0, 16);
}

function ownFolder(rootDir: string): string {
  return join(rootDir, "images", "mcp-server");
}

/** The context that an earlier run made of the same sources, if it is still there. */
function earlierContext(build: string, made: string): string | undefined {
  if (!existsSync(made)) return undefined;
  const name = readFileSync(made, "utf8");
  const target = join(build, name);
  return name.startsWith("mcp-server-") && existsSync(target) ? target : undefined;
}

/** Another program may have made the same directory in the meantime: then it has the same content. */
function renameUnlessThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
