import type { Site } from "../../platforms/site.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { Progress } from "../progress.ts";
import { reported } from "../update.ts";
import { readRecords } from "../../release/records.ts";
import { releaseHost } from "../release-host.ts";
import { requireSite } from "../preflight.ts";
import { underLease } from "../under-lease.ts";
import { prepareTools } from "../tools.ts";

/** Removes everything but the data volumes; those too with `--delete-data`. */
export async function destroy(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const deleteData = options["deleteData"] === true;
  await prepareTools(context, "pulumi", "docker", "state");
  const stack = await FleetStack.open(context, { create: false });
  const resources = await stack.resources();
  const site = await requireSite(context, resources);
  const volumes = site.dataVolumes(resources);
  const question = deleteData
    ? `Remove stack ${context.stack} AND ALL ITS DATA (${volumes.join(", ")})?`
    : `Remove stack ${context.stack}, keeping its data?`;
  if (!(await confirm(context, question))) throw new UserError("nothing was changed");
  return underLease(context, "destroy", () => remove(context, stack, site, volumes, deleteData));
}

async function remove(
  context: CommandContext,
  stack: FleetStack,
  site: Site,
  volumes: readonly string[],
  deleteData: boolean,
): Promise<number> {
  stack.forget();
  const interrupt = onInterrupt(context.note);
  const progress = new Progress(context.note, "run", context.status);
  const { journal } = readRecords(await stack.resources());
  const host = await releaseHost(context, stack, site, interrupt, () => undefined);
  const run = (): Promise<void> => stack.destroy(progress.onEvent, interrupt);
  await reported("destroy", progress, run, interrupt).finally(() => progress.close());
  host.history.append({
    ...{ stack: context.stack, operation: "destroy", outcome: "destroyed" },
    ...{ release: null, from: journal?.release ?? null, transaction: null },
    ...{ who: host.who, commit: host.commit },
    ...{ changes: {}, steps: progress.end({ ok: true, interrupted: false, changes: {} }).steps },
    ...{ gates: [], reasons: [], timings: {} },
  });
  const { orphans } = await site.findUnknown(await stack.resources(), journal?.lineage);
  await site.removeOrphans(orphans);
  if (deleteData) {
    // The record of the volumes goes with the stack; what they hold goes here, at the very end.
    await stack.remove();
    await site.removeVolumes(volumes);
    context.out(`stack ${context.stack} and its data are gone`);
  } else if (volumes.length > 0) {
    context.out(
      [
        `stack ${context.stack} is gone, its data is not: ${volumes.join(", ")}`,
        `./fleet up --stack ${context.stack} takes it up again; to remove it for good:`,
        `  ./fleet destroy --stack ${context.stack} --delete-data`,
      ].join("\n"),
    );
  } else {
    context.out(`stack ${context.stack} is gone`);
  }
  return exitCodes.done;
}
