import { stringify } from "yaml";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { prepareTools } from "../tools.ts";

/** Stack outputs; secrets only on request. */
export async function outputs(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  const stack = await FleetStack.open(context, { create: false });
  const shown = Object.fromEntries(
    Object.entries(await stack.outputs()).map(([key, { value, secret }]) => [
      key,
      secret && options["showSecrets"] !== true ? "[secret]" : (value as unknown),
    ]),
  );
  context.out(context.json ? JSON.stringify(shown, undefined, 2) : stringify(shown).trimEnd());
  return exitCodes.done;
}
