import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { untilEnded } from "../../release/engine-process.ts";
import { Lease } from "../../release/lease.ts";
import type { ReleaseEvent } from "../../release/link.ts";
import { readRecords, transactionState } from "../../release/records.ts";
import { Observer } from "../../release/observer.ts";
import type { TransactionHost } from "../../release/run-transaction.ts";
import { supervisorFiles } from "../../supervise.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { siteOfState } from "../preflight.ts";
import { historyOf, releaseHost } from "../release-host.ts";
import { concluded, recover } from "../rolled-back.ts";
import { prepareTools } from "../tools.ts";
import { leaseFile } from "../under-lease.ts";

/**
 * Ends what a plain `pulumi up` began, once the engine has let go of the stack: writes the history of a release that was
 * committed, rolls back one that was not. Started by the program, which took the lease in the name of this process.
 */
export async function supervise(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const lease = await Lease.held(leaseFile(context.stack));
  const interrupt = onInterrupt(context.note);
  try {
    await untilEnded(Number(options["engine"]));
    await prepareTools(context, "pulumi", "docker", "state");
    const stack = await FleetStack.open(context, { create: false });
    const observer = new Observer(() => undefined);
    for (const event of told(context.stack)) observer.onEvent(event);
    const resources = await stack.resources();
    // What does not answer is the rollback's to say: it tries again, and writes into the history that it did not succeed.
    const site = await siteOfState(context, resources);
    const host = await releaseHost(
      context,
      stack,
      site,
      interrupt,
      () => undefined,
      observer.transaction,
    );
    const records = readRecords(resources);
    const state = transactionState(records);
    context.note(`${new Date().toISOString()} the engine has ended, the transaction is ${state}`);
    if (state === "open") {
      lease.now("rolling back");
      const code = concluded(context, await recover(host, observer));
      return code ?? exitCodes.rolledBack;
    }
    const { journal } = records;
    const news = journal !== undefined && observer.transaction === journal.transaction;
    if (state === "committed" && news) await keep(host, observer, journal.from);
    return exitCodes.done;
  } finally {
    lease.release();
    interrupt.dispose();
  }
}

/** What the program wrote down while it ran. */
function told(stack: string): ReleaseEvent[] {
  const file = join(historyOf(stack), supervisorFiles.events);
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as ReleaseEvent);
}

async function keep(host: TransactionHost, observer: Observer, from: string | null): Promise<void> {
  host.history.append(
    {
      ...{ stack: host.stack, operation: "deploy", outcome: "live" },
      ...{ release: observer.release ?? null, from, transaction: observer.transaction ?? null },
      ...{ who: host.who, commit: host.commit },
      // Which steps the engine took, only the engine of `fleet up` tells.
      ...{ changes: {}, steps: [] },
      ...{ gates: observer.gates, reasons: [], timings: {} },
    },
    await host.exportEncrypted(),
  );
}
