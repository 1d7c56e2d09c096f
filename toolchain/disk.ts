import { access, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type ToolProblem, ToolchainError } from "./report.ts";

const GB = 1_000_000_000;

/** Free space that building the CLI and the images takes, with room to spare, in GB. */
export const BUILD_NEEDS_GB = 5;

/** Free space below which databases and logs soon fail, in GB. */
export const RUN_NEEDS_GB = 1;

/** Free bytes, for this user, at `path` or its nearest parent that exists. */
async function freeBytes(path: string): Promise<number> {
  let at = path;
  while (
    !(await access(at).then(
      () => true,
      () => false,
    )) &&
    dirname(at) !== at
  )
    at = dirname(at);
  const { bavail, bsize } = await statfs(at);
  return bavail * bsize;
}

/**
 * Throws one `ToolchainError` that names every path with less than `neededGb` GB free.
 * `FLEET_MIN_FREE_GB` in the environment overrides the need.
 */
export async function requireSpace(
  paths: readonly string[],
  neededGb: number,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const override = Number(env["FLEET_MIN_FREE_GB"] ?? "");
  const needed = env["FLEET_MIN_FREE_GB"] && override >= 0 ? override : neededGb;
  const problems: ToolProblem[] = [];
  for (const path of new Set(paths)) {
    const free = await freeBytes(path);
    if (free >= needed * GB) continue;
    problems.push({
      tool: "disk",
      got: `${path} has ${(free / GB).toFixed(1)} GB free, ${needed} GB are needed`,
      fix: "free some space (`docker system df` shows what images and volumes take), or set FLEET_MIN_FREE_GB",
    });
  }
  if (problems.length > 0) throw new ToolchainError(problems);
}
