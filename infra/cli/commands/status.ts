import { checkFleet } from "../../health/check-fleet.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { requireEngine } from "../preflight.ts";
import { addressesOf, fleetOutputs } from "../stack-outputs.ts";
import { table } from "../table.ts";
import { prepareTools } from "../tools.ts";

/** What is deployed: release, transaction and the health of each part. */
export async function status(context: CommandContext): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  const stack = await FleetStack.open(context, { create: false });
  const map = await stack.outputs();
  if (!map["gatewayUrl"]) {
    const nothing = {
      stack: context.stack,
      release: null,
      transaction: null,
      state: "none",
      components: [],
    };
    context.out(
      context.json
        ? JSON.stringify(nothing, undefined, 2)
        : `stack ${context.stack}: nothing deployed`,
    );
    return exitCodes.done;
  }
  const outputs = fleetOutputs(map, context.stack);
  await requireEngine();
  const components = await checkFleet(context.stack, addressesOf(outputs));
  const { release, transaction } = outputs;
  if (context.json) {
    context.out(
      JSON.stringify(
        { stack: context.stack, release, transaction, state: "live", components },
        undefined,
        2,
      ),
    );
  } else {
    context.out(`stack ${context.stack}: release ${release} live, transaction ${transaction}`);
    context.out(
      table(
        components.map(({ component, healthy }) => [
          `  ${component}`,
          healthy ? "healthy" : "NOT HEALTHY",
        ]),
      ),
    );
  }
  return exitCodes.done;
}
