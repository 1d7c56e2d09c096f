import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { renderFleet } from "../../render.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { loadStackFleet } from "./config.ts";

/** Writes every generated file below `--out`; what lies there under other names stays. */
export function render(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const { fleet } = loadStackFleet(context);
  // The launcher changes into the project; what the user typed is meant from where it was typed.
  const out = resolve(context.env["FLEET_CWD"] ?? ".", String(options["out"]));
  const files = renderFleet(fleet);
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
  return Promise.resolve(exitCodes.done);
}
