import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { requireSite } from "../preflight.ts";
import { releaseHost } from "../release-host.ts";
import { concluded, proveAgain, recoverFirst } from "../rolled-back.ts";
import { prepareTools } from "../tools.ts";
import { underLease } from "../under-lease.ts";

/** Finishes a rollback that was interrupted, or that did not succeed. */
export async function recover(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "docker", "state");
  const stack = await FleetStack.open(context, { create: false });
  const site = await requireSite(context, await stack.resources());
  const force = options["takeOver"] === true;
  return underLease(
    context,
    "rolling back",
    async () => {
      stack.forget();
      const interrupt = onInterrupt(context.note);
      try {
        const host = await releaseHost(context, stack, site, interrupt, () => undefined);
        if (await stack.isOpen()) {
          return (await recoverFirst(context, stack, host)) ?? exitCodes.done;
        }
        const proof = await proveAgain(host);
        if (proof) return concluded(context, proof) ?? exitCodes.done;
        context.note(`stack ${context.stack}: nothing to recover`);
        return exitCodes.done;
      } finally {
        interrupt.dispose();
      }
    },
    { force },
  );
}
