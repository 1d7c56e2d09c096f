import { stringify } from "yaml";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { prepareTools } from "../tools.ts";

/** Stack outputs; secrets only on request. */
export async function outputs(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  const stack = await FleetStack.open(context, { create: false, secrets: true });
  const map = await stack.outputs();
  if (Object.keys(map).length === 0) {
    throw new UserError(
      `stack ${context.stack}: nothing is deployed; ./fleet up --stack ${context.stack} deploys it`,
    );
  }
  const shown = Object.fromEntries(
    Object.entries(map).map(([key, { value, secret }]) => [
      key,
      secret && options["showSecrets"] !== true ? "[secret]" : (value as unknown),
    ]),
  );
  context.out(context.json ? JSON.stringify(shown, undefined, 2) : stringify(shown).trimEnd());
  return exitCodes.done;
}
