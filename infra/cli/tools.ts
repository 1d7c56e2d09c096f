import { prepare, type Need, type Toolchain } from "../../toolchain/index.ts";
import type { CommandContext } from "./context.ts";

/**
 * Makes ready what a command needs; from here on this process and everything it starts use it. A stack on a cluster
 * needs no Docker engine, whatever the command asks for, and another plugin.
 */
export async function prepareTools(
  context: CommandContext,
  ...needs: readonly Need[]
): Promise<Toolchain> {
  const toolchain = await prepare({
    log: context.note,
    needs: new Set(await withoutOthers(context, needs)),
    stack: context.stack,
  });
  Object.assign(process.env, toolchain.env);
  return toolchain;
}

async function withoutOthers(
  context: CommandContext,
  needs: readonly Need[],
): Promise<readonly Need[]> {
  const others = needs.filter((need) => need !== "docker" && need !== "images");
  if (others.length === needs.length) return needs;
  // Reading settings takes a schema library: not for commands that need neither.
  const { askedPlace } = await import("./preflight.ts");
  return askedPlace(context).platform === "docker" ? needs : [...others, "kubernetes"];
}
