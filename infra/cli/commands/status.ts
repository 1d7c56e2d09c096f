import { checkFleet } from "../../health/check-fleet.ts";
import type { ComponentHealth } from "../../health/report.ts";
import { History } from "../../release/history.ts";
import { describeHolder, leaseHolder } from "../../release/lease.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { requireSite } from "../preflight.ts";
import { historyOf } from "../release-host.ts";
import { addressesOf, fleetOutputs } from "../stack-outputs.ts";
import { situationOf, type Situation } from "../stack-situation.ts";
import { table } from "../table.ts";
import { prepareTools } from "../tools.ts";
import { leaseFile } from "../under-lease.ts";

/** What is deployed: release, transaction, what became of the last update, and the health of each part. */
export async function status(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "state");
  if (options["wait"] === true) await untilFree(context);
  const stack = await FleetStack.open(context, { create: false, secrets: true });
  const holder = leaseHolder(leaseFile(context.stack));
  const last = new History(historyOf(context.stack)).entries().at(-1);
  const resources = await stack.resources();
  const state = situationOf(resources, holder, last);
  const map = await stack.outputs();
  const deployed = Boolean(map["gatewayUrl"]);
  const outputs = deployed ? fleetOutputs(map, context.stack) : undefined;
  let components: ComponentHealth[] = [];
  if (outputs) {
    const site = await requireSite(context, resources);
    components = await checkFleet(site, addressesOf(outputs));
  }
  const { release = null, transaction = null } = outputs ?? {};
  if (context.json) {
    const lastUpdate = last && {
      ...{ outcome: last.outcome, release: last.release, at: last.at, reasons: last.reasons },
    };
    context.out(
      JSON.stringify(
        {
          ...{ stack: context.stack, release, transaction, state, components },
          ...{ lockedBy: holder ?? null, lastUpdate: lastUpdate ?? null },
        },
        undefined,
        2,
      ),
    );
  } else {
    context.out(`stack ${context.stack}: ${describe(state, release, transaction)}`);
    if (holder) context.out(`  ${describeHolder(holder)}`);
    if (last && last.outcome !== "live") {
      context.out(`  last: release ${last.release ?? "-"} ${last.outcome} at ${last.at}`);
      for (const reason of last.reasons) context.out(`    ${reason.replaceAll("\n", "\n    ")}`);
    }
    if (state === "frozen") context.out(`  resume: ./fleet recover --stack ${context.stack}`);
    context.out(
      table(
        components.map(({ component, healthy }) => [
          `  ${component}`,
          healthy ? "healthy" : "NOT HEALTHY",
        ]),
      ),
    );
  }
  if (options["wait"] !== true) return exitCodes.done;
  if (state === "frozen") return exitCodes.frozen;
  if (state === "none" && last?.outcome === "cleaned-up") return exitCodes.cleanedUp;
  return state === "rolled-back" ? exitCodes.rolledBack : exitCodes.done;
}

function describe(state: Situation, release: string | null, transaction: string | null): string {
  if (state === "none") return "nothing deployed";
  const what = release ? `release ${release}, transaction ${transaction ?? "-"}` : "no release yet";
  const words: Record<Exclude<Situation, "none">, string> = {
    live: `${what}, live`,
    "rolling-back": `${what}; an update of it is being rolled back`,
    "rolled-back": `${what}, live after a rollback`,
    frozen: `${what}; an update of it was neither committed nor rolled back`,
  };
  return words[state];
}

/** Until nobody changes the stack any more. */
async function untilFree(context: CommandContext): Promise<void> {
  let said = "";
  for (;;) {
    const holder = leaseHolder(leaseFile(context.stack));
    if (!holder) return;
    const message = `waiting: ${describeHolder(holder)}`;
    if (message !== said) context.note(message);
    said = message;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
