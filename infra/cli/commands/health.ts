import { checkFleet } from "../../health/check-fleet.ts";
import { allHealthy } from "../../health/report.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { requireSite } from "../preflight.ts";
import { addressesOf, fleetOutputs } from "../stack-outputs.ts";
import { table } from "../table.ts";
import { prepareTools } from "../tools.ts";

/** Asks every part of the fleet whether it works; exit code 1 if one does not. */
export async function health(context: CommandContext): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  const stack = await FleetStack.open(context, { create: false, secrets: true });
  const outputs = fleetOutputs(await stack.outputs(), context.stack);
  const site = await requireSite(context, await stack.resources());
  const report = await checkFleet(site, addressesOf(outputs));
  context.out(
    context.json
      ? JSON.stringify({ healthy: allHealthy(report), components: report }, undefined, 2)
      : table(
          report.map(({ component, healthy, detail }) => [
            healthy ? "ok" : "FAIL",
            component,
            detail,
          ]),
        ),
  );
  return allHealthy(report) ? exitCodes.done : exitCodes.refused;
}
