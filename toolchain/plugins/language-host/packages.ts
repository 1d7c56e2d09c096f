import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A plugin that a package in node_modules speaks to. */
export interface RequiredPlugin {
  readonly name: string;
  /** With a leading `v`. */
  readonly version: string;
  readonly server: string;
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
  };
}

/**
 * Plugins of the packages installed beside a program, read from the `pulumi` section of each
 * package.json. Looks into the program's own node_modules and those nested in it, as npm lays them
 * out; unreadable manifests are skipped.
 */
export async function requiredPlugins(programFolder: string): Promise<RequiredPlugin[]> {
  const found = await pluginsBelow(join(programFolder, "node_modules"));
  const byName = new Map(found.map((plugin) => [`${plugin.name}@${plugin.version}`, plugin]));
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function pluginsBelow(nodeModules: string): Promise<RequiredPlugin[]> {
  const entries = await readdir(nodeModules, { withFileTypes: true }).catch(() => []);
  const names = entries.map((entry) => entry.name).filter((name) => !name.startsWith("."));
  const results = await Promise.all(
    names.map((name) =>
      name.startsWith("@")
        ? pluginsBelow(join(nodeModules, name))
        : pluginOf(join(nodeModules, name)),
    ),
  );
  return results.flat();
}

async function pluginOf(folder: string): Promise<RequiredPlugin[]> {
  const [own, nested] = await Promise.all([
    readFile(join(folder, "package.json"), "utf8").then(parse, () => []),
    pluginsBelow(join(folder, "node_modules")),
  ]);
  return [...own, ...nested];
}

function parse(text: string): RequiredPlugin[] {
  // Most packages have nothing to do with plugins: look before parsing.
  if (!text.includes('"pulumi"')) return [];
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    return [];
  }
  const { pulumi } = manifest;
  const name = pulumi?.name ?? manifest.name?.replace(/^@pulumi\//, "");
  const version = pulumi?.version ?? manifest.version;
  if (pulumi?.resource !== true || name === undefined || version === undefined) return [];
  return [
    {
      name,
      version: version.startsWith("v") ? version : `v${version}`,
      server: pulumi.server ?? "",
    },
  ];
}
