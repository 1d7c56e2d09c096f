import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { existingMonitoring } from "../../platforms/asked.ts";
import { renderFleet } from "../../render.ts";
import type { FleetSpec } from "../../config/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { settingsOf } from "../preflight.ts";
import { loadStackFleet } from "./config.ts";

/** Writes every generated file below `--out`; what lies there under other names stays. */
export async function render(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { fleet } = loadStackFleet(context);
  const elsewhere = existingMonitoring(settingsOf(context)) !== undefined;
  // The launcher changes into the project; what the user typed is meant from where it was typed.
  const out = resolve(context.env["FLEET_CWD"] ?? ".", String(options["out"]));
  const files = { ...renderFleet(fleet, elsewhere), ...(await manifestsOf(context, fleet)) };
  try {
    for (const [path, content] of Object.entries(files)) {
      const target = resolve(out, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, content);
    }
  } catch (error) {
    throw new UserError(`--out: ${(error as Error).message}; name a directory that can be written`);
  }
  context.out(
    context.json
      ? JSON.stringify({ out, files: Object.keys(files).sort() }, undefined, 2)
      : `${Object.keys(files).length} files written to ${out}`,
  );
  return exitCodes.done;
}

/** Of a stack on a cluster: its objects as a first deployment would make them. */
async function manifestsOf(
  context: CommandContext,
  fleet: FleetSpec,
): Promise<Record<string, string>> {
  const settings = settingsOf(context);
  if (settings.platform !== "kubernetes") return {};
  const { planStack } = await import("../manifests/plan.ts");
  const { manifestFiles } = await import("../manifests/to-manifest.ts");
  const { rootDir, stack } = context;
  const { objects } = await planStack({ rootDir, stack, fleet, settings, deployment: null });
  const written = manifestFiles(objects.map(({ manifest }) => manifest));
  return Object.fromEntries(
    Object.entries(written).map(([path, text]) => [`kubernetes/${path}`, text]),
  );
}
