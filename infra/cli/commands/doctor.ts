import { diagnose } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { askedPlace } from "../preflight.ts";
import { table } from "../table.ts";

/** What is used for each tool, where it came from, and what would be better. Changes nothing. */
export async function doctor(context: CommandContext): Promise<number> {
  const reports = await diagnose({ stack: context.stack, kubernetes: isOnCluster(context) });
  if (context.json) {
    context.out(JSON.stringify(reports, undefined, 2));
  } else {
    context.out(
      table([
        ["TOOL", "VERSION", "ORIGIN", "USED"],
        ...reports.map(({ tool, version, origin, used }) => [
          tool,
          version || "-",
          origin,
          used || "-",
        ]),
      ]),
    );
    for (const { tool, problem } of reports)
      if (problem) context.out(`\nproblem: ${tool}: ${problem}`);
    const better = reports.filter((report) => report.better);
    if (better.length > 0) context.out("\nWhat would be better:");
    for (const report of better) context.out(`  ${report.tool}: ${report.better}`);
  }
  return reports.some((report) => report.problem) ? exitCodes.refused : exitCodes.done;
}

/** A stack file that cannot be read is no reason to say nothing of the tools; `config validate` tells what is wrong. */
function isOnCluster(context: CommandContext): boolean {
  try {
    return askedPlace(context).platform === "kubernetes";
  } catch {
    return false;
  }
}
