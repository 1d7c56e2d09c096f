import { createReadStream } from "node:fs";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import dockerignore from "@balena/dockerignore";
import { pack, type Pack } from "tar-stream";

/** A build context on its way to the engine. */
export interface BuildContext {
  readonly archive: Readable;
  /** Where the Dockerfile is inside the archive. */
  readonly dockerfile: string;
}

/** Name that a Dockerfile from outside of the context gets inside the archive. */
const OUTSIDE_NAME = ".dockerfile.outside-of-context";

/**
 * Packs a folder for a build: owner root, `.dockerignore` honoured, names sorted. The Dockerfile is
 * looked for in the context, as the official plugin does, and may lie outside of it.
 *
 * @throws if the context or the Dockerfile does not exist
 */
export async function packContext(context: string, dockerfile: string): Promise<BuildContext> {
  const root = resolve(context);
  const path = isAbsolute(dockerfile) ? dockerfile : join(root, dockerfile);
  const content = await readFile(path).catch(() => {
    throw new Error(`dockerfile not found at path: ${path}`);
  });
  const inside = relative(root, path).split(sep).join("/");
  const outside = inside.startsWith("../") || isAbsolute(inside);
  const archive = pack();
  const patterns = await readFile(join(root, ".dockerignore"), "utf8").catch(() => "");
  const filter = dockerignore.default().add(patterns);
  const wanted = (name: string) =>
    name === ".dockerignore" || (!outside && name === inside) || !filter.ignores(name);
  const fill = async () => {
    if (outside) archive.entry({ name: OUTSIDE_NAME, mode: 0o644 }, content);
    await packFolder(archive, root, "", wanted);
    archive.finalize();
  };
  fill().catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return { archive: Readable.from(archive), dockerfile: outside ? OUTSIDE_NAME : inside };
}

async function packFolder(
  archive: Pack,
  root: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  for (const entry of (await readdir(join(root, folder))).sort()) {
    const name = folder === "" ? entry : `${folder}/${entry}`;
    const path = join(root, name);
    const stats = await lstat(path);
    const header = { name, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: 0, gid: 0 };
    if (stats.isDirectory()) {
      // An ignored folder may still hold files that a later `!pattern` wants back.
      if (wanted(name)) archive.entry({ ...header, type: "directory" });
      await packFolder(archive, root, name, wanted);
    } else if (!wanted(name)) {
      continue;
    } else if (stats.isSymbolicLink()) {
      archive.entry({ ...header, type: "symlink", linkname: await readlink(path) });
    } else if (stats.isFile()) {
      await pipeline(createReadStream(path), archive.entry({ ...header, size: stats.size }));
    }
  }
}
