import { mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pulumiHome } from "../infra/release/pulumi-home.ts";
import { exec } from "./exec.ts";
import { withLock } from "./lock.ts";
import { exists, isExecutable, type Machine, onPath } from "./machine.ts";
import { RELEASE_HOST } from "./pulumi.ts";
import type { ToolReport } from "./report.ts";

const INSTALL_MS = 180_000;
const LOCK_WAIT_MS = 60_000;

interface Plugin {
  readonly tool: string;
  readonly executable: string;
  /** Plugin of a package in node_modules, downloadable on its own; absent for what comes with the CLI. */
  readonly resource?: "docker" | "kubernetes" | "random";
  /** Only said of, and downloaded, where it is needed. */
  readonly optional?: true;
}

const PLUGINS: readonly Plugin[] = [
  { tool: "language host", executable: "pulumi-language-nodejs" },
  { tool: "dynamic provider", executable: "pulumi-resource-pulumi-nodejs" },
  { tool: "docker plugin", executable: "pulumi-resource-docker", resource: "docker" },
  { tool: "random plugin", executable: "pulumi-resource-random", resource: "random" },
  // A program that does not use it asks for it nevertheless, because its package is installed: with the stand-in at hand,
  // the engine does not try to download it.
  {
    tool: "kubernetes plugin",
    executable: "pulumi-resource-kubernetes",
    resource: "kubernetes",
    optional: true,
  },
];

/** What of the plugins a stack needs. */
export interface PluginNeeds {
  readonly kubernetes?: boolean;
}

function isNeeded({ plugin }: Placed, needs: PluginNeeds): boolean {
  return plugin.optional !== true || needs.kubernetes === true;
}

/** Writes an executable for every stand-in into a directory. */
export type WriteExecutables = (binDir: string) => Promise<void>;

/** What the plugins add to PATH, and what is said of them. */
export interface PluginLadder {
  /** Directory for the END of PATH, holding exactly the missing plugins; undefined when all are official. */
  readonly standInDir?: string;
  readonly reports: readonly ToolReport[];
}

interface Placed {
  readonly plugin: Plugin;
  /** Version that the program asks for; undefined for what comes with the CLI. */
  readonly wanted?: string;
  readonly found?: ToolReport;
}

/** Whether a path is a stand-in of this checkout or another: those must not pass for official ones. */
function isStandIn(path: string): boolean {
  return path.includes("/.toolchain/plugins/");
}

async function wantedVersion(machine: Machine, name: string): Promise<string> {
  const path = join(machine.root, "node_modules/@pulumi", name, "package.json");
  const { version } = JSON.parse(await readFile(path, "utf8")) as { readonly version: string };
  return version;
}

/** Looks where the engine will look, in its order: PATH, beside the CLI, the plugin cache. */
async function place(
  machine: Machine,
  plugin: Plugin,
  pulumi: string | undefined,
): Promise<Placed> {
  const { tool, executable, resource } = plugin;
  const wanted = resource === undefined ? undefined : await wantedVersion(machine, resource);
  const placed = { plugin, ...(wanted === undefined ? {} : { wanted }) };
  const listed =
    machine.env["PULUMI_IGNORE_AMBIENT_PLUGINS"] === "true"
      ? undefined
      : await onPath(machine, executable, (path) => !isStandIn(path));
  if (listed !== undefined) return { ...placed, found: { tool, used: listed, origin: "found" } };
  if (resource === undefined) {
    if (pulumi === undefined) return placed;
    const beside = join(dirname(await realpath(pulumi)), executable);
    if (!(await isExecutable(beside))) return placed;
    return { ...placed, found: { tool, used: beside, origin: "found" } };
  }
  const name = `resource-${resource}-v${wanted ?? ""}`;
  const dir = join(pulumiHome(machine.env, machine.accountHome), "plugins", name);
  // The CLI leaves `.partial` beside a directory whose download has not ended.
  if (!(await isExecutable(join(dir, executable))) || (await exists(`${dir}.partial`)))
    return placed;
  return {
    ...placed,
    found: { tool, used: dir, origin: "found", ...(wanted ? { version: wanted } : {}) },
  };
}

function better({ plugin, wanted }: Placed): string {
  return plugin.resource === undefined
    ? "the official one, which comes with the official Pulumi CLI"
    : `official plugin ${wanted ?? ""}: \`pulumi plugin install resource ${plugin.resource} ${wanted ?? ""}\` on a machine that reaches its download host`;
}

/** For `fleet doctor`: which plugins would be used; changes nothing. */
export async function diagnosePlugins(
  machine: Machine,
  pulumi: string | undefined,
  needs: PluginNeeds = {},
): Promise<readonly ToolReport[]> {
  const placed = await Promise.all(PLUGINS.map((plugin) => place(machine, plugin, pulumi)));
  return placed
    .filter((entry) => isNeeded(entry, needs))
    .map((entry) => entry.found ?? standInReport(machine, entry));
}

function standInReport(machine: Machine, entry: Placed, used?: string): ToolReport {
  const ignored = machine.env["PULUMI_IGNORE_AMBIENT_PLUGINS"] === "true";
  return {
    tool: entry.plugin.tool,
    used: used ?? "toolchain/plugins",
    origin: "stand-in",
    ...(entry.wanted === undefined ? {} : { version: entry.wanted }),
    better: better(entry),
    ...(ignored
      ? { problem: "PULUMI_IGNORE_AMBIENT_PLUGINS hides stand-ins from the engine; unset it" }
      : {}),
  };
}

/**
 * Official plugins where they are found or can be downloaded, plugin by plugin; stand-ins for the rest.
 *
 * The engine prefers what is on PATH to its own cache, so the directory for PATH holds the missing ones alone.
 */
export async function preparePlugins(
  machine: Machine,
  pulumi: string,
  writeExecutables: WriteExecutables,
  needs: PluginNeeds = {},
): Promise<PluginLadder> {
  const before = await Promise.all(PLUGINS.map((plugin) => place(machine, plugin, pulumi)));
  const downloadable = before.filter(
    (entry) => !entry.found && entry.plugin.resource !== undefined && isNeeded(entry, needs),
  );
  const installed = downloadable.length > 0 && (await install(machine, pulumi, downloadable));
  const placed = installed
    ? await Promise.all(PLUGINS.map((plugin) => place(machine, plugin, pulumi)))
    : before;
  const missing = placed.filter(({ found }) => found === undefined);
  const standInDir =
    missing.length === 0 ? undefined : await composeDir(machine, missing, writeExecutables);
  const reports = placed.flatMap((entry, index): ToolReport[] => {
    if (!isNeeded(entry, needs)) return [];
    if (entry.found === undefined) {
      return [standInReport(machine, entry, join(standInDir ?? "", entry.plugin.executable))];
    }
    return [
      before[index]?.found === undefined ? { ...entry.found, origin: "official" } : entry.found,
    ];
  });
  return { ...(standInDir !== undefined && { standInDir }), reports };
}

/** Downloads the missing plugins, all at once; whether any may have arrived. */
async function install(
  machine: Machine,
  pulumi: string,
  wanted: readonly Placed[],
): Promise<boolean> {
  if (!(await machine.probe(RELEASE_HOST))) return false;
  await Promise.all(
    wanted.map(async ({ plugin, wanted: version = "" }) => {
      const name = plugin.resource ?? "";
      machine.log(`${plugin.tool}: fetching the official ${version}`);
      try {
        await exec(pulumi, ["plugin", "install", "resource", name, version], {
          timeoutMs: INSTALL_MS,
          env: { ...machine.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
        });
      } catch (error) {
        machine.log(`${plugin.tool}: ${(error as Error).message}`);
      }
    }),
  );
  return true;
}

/** Directory of links to exactly the missing stand-ins; its name says which, so runs that differ do not meet. */
async function composeDir(
  machine: Machine,
  missing: readonly Placed[],
  writeExecutables: WriteExecutables,
): Promise<string> {
  const plugins = join(machine.cache, "plugins");
  const all = join(plugins, "bin");
  const names = missing.map(({ plugin }) => plugin.executable).sort();
  const dir = join(plugins, `path-${names.map((name) => name.replace(/^pulumi-/, "")).join("+")}`);
  await mkdir(plugins, { recursive: true });
  await withLock(join(plugins, "lock"), { waitMs: LOCK_WAIT_MS, env: machine.env }, async () => {
    await refresh(all, writeExecutables);
    await mkdir(dir, { recursive: true });
    for (const name of names) {
      const link = join(dir, name);
      if (!(await exists(link))) {
        await rm(link, { force: true });
        await symlink(join(all, name), link);
      }
    }
  });
  return dir;
}

/** Writes the executables anew, each put in place in one step: another run may be starting one right now. */
async function refresh(dir: string, writeExecutables: WriteExecutables): Promise<void> {
  await mkdir(dir, { recursive: true });
  const fresh = await mkdtemp(join(dirname(dir), `${basename(dir)}-partial-`));
  try {
    await writeExecutables(fresh);
    for (const name of await readdir(fresh)) await rename(join(fresh, name), join(dir, name));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
