import { mkdir } from "node:fs/promises";
import { delimiter, dirname } from "node:path";
import { diagnoseBase, prepareBase } from "./base-image.ts";
import { requireSpace, RUN_NEEDS_GB } from "./disk.ts";
import { diagnoseEngine, prepareEngine } from "./docker-engine.ts";
import { type Machine, pathDirs, thisMachine } from "./machine.ts";
import {
  diagnosePlugins,
  preparePlugins,
  type PluginNeeds,
  type WriteExecutables,
} from "./plugins-ladder.ts";
import { diagnosePulumi, preparePulumi } from "./pulumi.ts";
import { joinProblems, ToolchainError, type Toolchain, type ToolReport } from "./report.ts";
import { backendUrl, diagnoseState, prepareState } from "./state.ts";
import { BASE_IMAGE } from "./versions.ts";

export { type Toolchain, ToolchainError, type ToolReport } from "./report.ts";

/** What a command needs: `images` includes `docker`; `kubernetes` is the plugin, and only counts with `pulumi`. */
export type Need = "pulumi" | "docker" | "images" | "kubernetes" | "state";

export interface PrepareOptions {
  /** Called with one line for everything that is fetched, built, installed, started or generated. */
  readonly log: (line: string) => void;
  readonly needs: ReadonlySet<Need>;
  /** Stack whose own file may name a key service instead of a passphrase. */
  readonly stack?: string;
}

/** A part's share of the result. */
type Part = Partial<Pick<Toolchain, "pulumi" | "baseImage">> & {
  readonly env: Readonly<Record<string, string>>;
  readonly reports: readonly ToolReport[];
};

/**
 * Makes what is missing and announces it; found tools are used as they are. The parts are made side by side: the CLI's
 * build keeps the processor busy while apt waits for the network.
 *
 * @throws ToolchainError with every problem and its fix
 */
export async function prepare(options: PrepareOptions): Promise<Toolchain> {
  const plugins = await import("./plugins/install.ts");
  return prepareOn(thisMachine(options.log), options, plugins.writePluginExecutables);
}

/** `prepare` for a given machine. */
export async function prepareOn(
  machine: Machine,
  { needs, stack }: Pick<PrepareOptions, "needs" | "stack">,
  writeExecutables: WriteExecutables,
): Promise<Toolchain> {
  await mkdir(machine.cache, { recursive: true });
  const parts: Promise<Part>[] = [];
  if (needs.has("pulumi"))
    parts.push(pulumiPart(machine, writeExecutables, { kubernetes: needs.has("kubernetes") }));
  if (needs.has("docker") || needs.has("images"))
    parts.push(dockerPart(machine, needs.has("images")));
  if (needs.has("state")) parts.push(prepareState(machine, stack));
  const settled = await Promise.allSettled(parts);
  const failed = settled.filter((part) => part.status === "rejected");
  if (failed.length > 0) throw joinProblems(failed.map(({ reason }): unknown => reason));
  const made = settled.filter((part) => part.status === "fulfilled").map(({ value }) => value);
  return {
    env: Object.assign(
      { PULUMI_SKIP_UPDATE_CHECK: "true" },
      ...made.map(({ env }) => env),
    ) as Toolchain["env"],
    pulumi: made.map((part) => part.pulumi).find((path) => path !== undefined) ?? "",
    baseImage:
      made.map((part) => part.baseImage).find((image) => image !== undefined) ?? BASE_IMAGE,
    reports: [nodeReport(), ...made.flatMap(({ reports }) => reports)],
  };
}

async function pulumiPart(
  machine: Machine,
  writeExecutables: WriteExecutables,
  needs: PluginNeeds,
): Promise<Part> {
  const cli = await preparePulumi(machine);
  const { standInDir, reports } = await preparePlugins(machine, cli.path, writeExecutables, needs);
  const listed = pathDirs(machine.env);
  // The CLI's own directory first, so that everything which looks for `pulumi` finds this one; stand-ins last.
  const first = listed.includes(dirname(cli.path)) ? [] : [dirname(cli.path)];
  const others = listed.filter((dir) => dir !== standInDir);
  const path = [...first, ...others, ...(standInDir === undefined ? [] : [standInDir])];
  const ready = reports.filter(({ problem }) => problem !== undefined);
  if (ready.length > 0) {
    throw new ToolchainError(
      ready.map(({ tool, problem = "" }) => {
        const [got = "", fix = ""] = problem.split("; ");
        return { tool, got, fix };
      }),
    );
  }
  return {
    env: { PATH: path.join(delimiter) },
    pulumi: cli.path,
    reports: [cli.report, ...reports],
  };
}

async function dockerPart(machine: Machine, images: boolean): Promise<Part> {
  const engine = await prepareEngine(machine);
  if (engine.dataRoot !== undefined)
    await requireSpace([engine.dataRoot], RUN_NEEDS_GB, machine.env);
  const { env } = engine.endpoint;
  if (!images) return { env, reports: [engine.report] };
  const base = await prepareBase(machine, engine);
  return { env, baseImage: base.reference, reports: [engine.report, base.report] };
}

/** Address of the state backend in use: chosen by the environment, the project or a login, else the local one. */
export function stateBackendUrl(): string | undefined {
  return backendUrl(thisMachine(() => undefined));
}

/** What is asked of the tools. */
export interface DiagnoseOptions extends PluginNeeds {
  /** Stack whose own file may name a key service instead of a passphrase. */
  readonly stack?: string;
}

/** For `fleet doctor`: looks at everything, side by side, and changes nothing; at most 4 s. */
export async function diagnose(options: DiagnoseOptions): Promise<readonly ToolReport[]> {
  return diagnoseOn(
    thisMachine(() => undefined),
    options,
  );
}

/** `diagnose` for a given machine. */
export async function diagnoseOn(
  machine: Machine,
  { stack, ...needs }: DiagnoseOptions = {},
): Promise<readonly ToolReport[]> {
  const parts = await Promise.all([
    asReports("pulumi", async () => {
      const cli = await diagnosePulumi(machine);
      const report = "report" in cli ? cli.report : cli;
      const path = "report" in cli ? cli.path : undefined;
      return [report, ...(await diagnosePlugins(machine, path, needs))];
    }),
    asReports("docker engine", async () => {
      const { engine, report } = await diagnoseEngine(machine);
      if (engine !== undefined) return [report, await diagnoseBase(machine, engine)];
      const base = { tool: "base image", used: BASE_IMAGE, origin: "missing" } as const;
      return [report, { ...base, better: "known once a Docker engine answers" }];
    }),
    asReports("state backend", () => diagnoseState(machine, stack)),
  ]);
  return [nodeReport(), ...parts.flat()];
}

/** A part that throws a problem becomes the line that reports it. */
async function asReports(
  tool: string,
  look: () => Promise<readonly ToolReport[]>,
): Promise<readonly ToolReport[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error;
    return error.problems.map(({ tool: name, got, fix }) => ({
      tool: name || tool,
      used: "none",
      origin: "missing",
      problem: `${got}; ${fix}`,
    }));
  }
}

function nodeReport(): ToolReport {
  return { tool: "node", used: process.execPath, origin: "found", version: process.versions.node };
}
