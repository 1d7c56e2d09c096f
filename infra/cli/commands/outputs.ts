import { stringify } from "yaml";
import { prepare } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";

/** Stack outputs; secrets only on request. */
export async function outputs(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const toolchain = await prepare({ log: context.note, needs: new Set(["pulumi", "state"]) });
  const stack = await FleetStack.open(context, toolchain, { create: false });
  const shown = Object.fromEntries(
    Object.entries(await stack.outputs()).map(([key, { value, secret }]) => [
      key,
      secret && options["showSecrets"] !== true ? "[secret]" : (value as unknown),
    ]),
  );
  context.out(context.json ? JSON.stringify(shown, undefined, 2) : stringify(shown).trimEnd());
  return exitCodes.done;
}
