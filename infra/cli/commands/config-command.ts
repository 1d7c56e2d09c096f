import type { CommandContext } from "../context.ts";
import { UserError, exitCodes } from "../exit-codes.ts";
import { configSchema, configShow, configValidate } from "./config.ts";

/** `config validate | schema | show`. */
export function config(
  context: CommandContext,
  _options: Readonly<Record<string, unknown>>,
  [action]: readonly string[],
): Promise<number> {
  const actions: Readonly<Record<string, () => { output: string; exitCode: number }>> = {
    validate: () => configValidate(context),
    schema: () => configSchema(),
    show: () => configShow(context, { json: context.json }),
  };
  const run = actions[action ?? ""];
  if (!run) {
    throw new UserError(
      `fleet config: got ${JSON.stringify(action)}; actions are ${Object.keys(actions).join(", ")}; see ./fleet config --help`,
      exitCodes.usage,
    );
  }
  const { output, exitCode } = run();
  (exitCode === 0 ? context.out : context.note)(output.trimEnd());
  return Promise.resolve(exitCode);
}
