import { prepare, type Need, type Toolchain } from "../../toolchain/index.ts";
import type { CommandContext } from "./context.ts";

/** Makes ready what a command needs; from here on this process and everything it starts use it. */
export async function prepareTools(
  context: CommandContext,
  ...needs: readonly Need[]
): Promise<Toolchain> {
  const toolchain = await prepare({
    log: context.note,
    needs: new Set(needs),
    stack: context.stack,
  });
  Object.assign(process.env, toolchain.env);
  return toolchain;
}
