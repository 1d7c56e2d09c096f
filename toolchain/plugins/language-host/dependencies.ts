import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** An npm package of a program. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

interface Lock {
  readonly packages?: Record<string, { readonly version?: string }>;
}

/** Packages that a program declares, or all that its lock file lists. */
export async function programDependencies(
  programFolder: string,
  transitive: boolean,
): Promise<Dependency[]> {
  const root = await packageRoot(programFolder);
  if (root === undefined) return [];
  const lock = await readJson<Lock>(join(root, "package-lock.json"));
  if (transitive && lock !== undefined) {
    return Object.entries(lock.packages ?? {})
      .filter(([path]) => path !== "")
      .map(([path, { version = "" }]) => ({
        name: path.replace(/^.*node_modules\//, ""),
        version,
      }));
  }
  const manifest = (await readJson<Manifest>(join(root, "package.json"))) ?? {};
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  return Promise.all(
    declared.map(async (name) => {
      const installed = await readJson<Manifest>(join(root, "node_modules", name, "package.json"));
      return { name, version: installed?.version ?? "" };
    }),
  );
}

/** The nearest folder upwards with a package.json. */
export async function packageRoot(folder: string): Promise<string | undefined> {
  for (let current = folder; ; current = dirname(current)) {
    if ((await readJson(join(current, "package.json"))) !== undefined) return current;
    if (dirname(current) === current) return undefined;
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
