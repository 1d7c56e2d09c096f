import { loadStackFleet } from "./config.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { noClusterFor, prepareFor } from "../preflight.ts";
import { Progress } from "../progress.ts";
import { reported } from "../update.ts";

/** What `up` would change. */
export async function preview(context: CommandContext): Promise<number> {
  const { fleet } = loadStackFleet(context);
  const noCluster = await noClusterFor(context);
  if (noCluster !== undefined) {
    // Loads the whole program: not for those who have a cluster.
    const { previewWithoutCluster } = await import("../manifests/preview.ts");
    return previewWithoutCluster(context, fleet, noCluster);
  }
  await prepareFor(context, fleet);
  const stack = await FleetStack.open(context, { create: true });
  const changes = await showPreview(context, stack);
  if (context.json) context.out(JSON.stringify({ stack: context.stack, ...changes }, undefined, 2));
  return exitCodes.done;
}

/** Prints the changes; the summary counts every resource, the lines name those that a person knows. */
export async function showPreview(
  context: CommandContext,
  stack: FleetStack,
): Promise<{ changes: Record<string, number> }> {
  const progress = new Progress(context.json ? context.note : context.out, "preview");
  const { changeSummary } = await reported("preview", progress, () =>
    stack.preview(progress.onEvent),
  );
  const changes = Object.fromEntries(
    Object.entries(changeSummary as Record<string, number>).filter(([op]) => op !== "same"),
  );
  const summary = Object.entries(changes).map(([op, count]) => `${count} to ${op}`);
  const unchanged = (changeSummary as Record<string, number>)["same"] ?? 0;
  (context.json ? context.note : context.out)(
    summary.length > 0
      ? `${summary.join(", ")}${progress.unlisted}; ${unchanged} unchanged`
      : `no changes; ${unchanged} unchanged`,
  );
  return { changes };
}
