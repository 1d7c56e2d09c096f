import { createHash, randomUUID } from "node:crypto";
import { access, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePlugins } from "./bundle.ts";
import { removeOldBundles } from "./old-bundles.ts";

const SOURCES = fileURLToPath(new URL(".", import.meta.url));
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** Plugins start several times for every command, and a refresh reads every property of every resource. */
const NODE_ARGUMENTS = [
  "--max-semi-space-size=32",
  ...["--require", join(REPOSITORY, "toolchain", "fast-start.cjs")],
];

/** Executable that the engine looks for -> entry of the bundle that it runs. */
const EXECUTABLES = {
  "pulumi-language-nodejs": "language-host",
  "pulumi-resource-docker": "docker",
  "pulumi-resource-kubernetes": "kubernetes",
  "pulumi-resource-random": "random",
  "pulumi-resource-pulumi-nodejs": "dynamic-provider",
} as const;

/**
 * Puts the stand-in plugins into a folder that goes on PATH.
 *
 * The plugins are bundled once per content into `.toolchain/plugins/<hash>/`; bundles and
 * executables appear by rename, so another process sees all of one or nothing.
 *
 * @param binDir made if it is missing
 * @throws if bundling fails
 */
export async function writePluginExecutables(binDir: string): Promise<void> {
  const bundles = await ensureBundles(join(REPOSITORY, ".toolchain", "plugins"));
  await mkdir(binDir, { recursive: true });
  for (const [executable, entry] of Object.entries(EXECUTABLES)) {
    const command = [process.execPath, ...NODE_ARGUMENTS, join(bundles, `${entry}.cjs`)];
    const script = `#!/bin/sh\nexec ${command.map(quote).join(" ")} "$@"\n`;
    await writeAtomically(join(binDir, executable), script);
  }
}

/** The folder of bundles of the sources as they are now. */
async function ensureBundles(cache: string): Promise<string> {
  const target = join(cache, await sourceHash());
  if (await exists(target)) return target;
  await mkdir(cache, { recursive: true });
  const half = join(cache, `.half-${randomUUID()}`);
  try {
    await bundlePlugins(SOURCES, half, Object.values(EXECUTABLES));
    await rename(half, target);
    await removeOldBundles(cache, target);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    // Another process may have finished the same bundles first.
    if (!(await exists(target))) throw error;
  }
  return target;
}

/** Hash of all sources and of the lock file, which decides about the packages bundled with them. */
async function sourceHash(): Promise<string> {
  const names = await readdir(SOURCES, { recursive: true });
  const files = names.filter((name) => name.endsWith(".ts")).sort();
  const hash = createHash("sha256");
  for (const path of [
    ...files.map((name) => join(SOURCES, name)),
    join(REPOSITORY, "package-lock.json"),
  ]) {
    hash
      .update(path.slice(REPOSITORY.length))
      .update("\0")
      .update(await readFile(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

async function writeAtomically(path: string, content: string): Promise<void> {
  const half = `${path}.half-${randomUUID()}`;
  await writeFile(half, content);
  await chmod(half, 0o755);
  await rename(half, path);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A word for sh. */
function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
