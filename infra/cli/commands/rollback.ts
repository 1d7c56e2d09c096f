import { asGateHooks } from "../../return-hooks.ts";
import { asTransaction, withJournal, withChosenOf } from "../../release/return-to.ts";
import type { HistoryEntry } from "../../release/history.ts";
import type { ReleaseEvent } from "../../release/link.ts";
import { owner } from "../../release/lease.ts";
import { readRecords } from "../../release/records.ts";
import { replayProgram } from "../../release/replay.ts";
import { replaceOrderOf } from "../../release/roll-back.ts";
import { runTransaction, type TransactionHost } from "../../release/run-transaction.ts";
import {
  liveResources,
  nameOf,
  type Deployment,
  type StackExport,
} from "../../release/deployment.ts";
import { newTransaction } from "../../open-release.ts";
import { moveObjection, placeIn } from "../../platforms/place.ts";
import type { Site } from "../../platforms/site.ts";
import { howToForget, protectedLeft } from "../../protected-volumes.ts";
import { confirm } from "../confirm.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { FleetStack } from "../fleet-stack.ts";
import { onInterrupt } from "../interrupt.ts";
import { openKept } from "../kept-deployment.ts";
import { requireSite } from "../preflight.ts";
import { Progress } from "../progress.ts";
import { releaseHost } from "../release-host.ts";
import { recoverFirst, reportFailure } from "../rolled-back.ts";
import { prepareTools } from "../tools.ts";
import { underLease } from "../under-lease.ts";

/** Returns to a healthy release of the history: an update like any other, gates and all, from its kept deployment. */
export async function rollback(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  await prepareTools(context, "pulumi", "docker", "state");
  const stack = await FleetStack.open(context, { create: false });
  const site = await requireSite(context, await stack.resources());
  return underLease(context, "rollback", async () => {
    stack.forget();
    const interrupt = onInterrupt(context.note);
    const progress = new Progress(context.note, "run", context.status);
    try {
      const host = await releaseHost(context, stack, site, interrupt, progress.onRelease);
      const frozen = await recoverFirst(context, stack, host);
      if (frozen !== undefined) return frozen;
      const entry = await choose(stack, host, options["to"] as string | undefined);
      if (
        !(await confirm(context, `Return stack ${context.stack} to release ${entry.release!}?`))
      ) {
        throw new UserError("nothing was changed");
      }
      const started = Date.now();
      const kept = host.history.deploymentOf(entry) as StackExport;
      const target = await openKept(context, kept);
      const was = placeIn(readRecords(target.resources ?? []).journal);
      const moved = moveObjection(context.stack, was, site.place);
      if (moved !== undefined) throw new UserError(`release ${entry.release!}: ${moved}`);
      const staying = new Set(liveResources(target).map(({ urn }) => urn));
      const left = protectedLeft(await stack.resources(), staying);
      if (left.length > 0) {
        throw new UserError(
          `release ${entry.release!} does not have ${left.map(({ urn }) => nameOf(urn)).join(", ")}, which the live one protects\n` +
            `  ${howToForget(left, context.stack)}`,
        );
      }
      const result = await runTransaction(
        host,
        async (_link, tell) => {
          try {
            const changes = await replay(host, site, target, tell);
            return progress.end({ ok: true, interrupted: interrupt.interrupted(), changes });
          } catch (error) {
            const end = progress.end({
              ...{ ok: false, interrupted: interrupt.interrupted(), changes: {} },
            });
            return { ...end, problems: [(error as Error).message] };
          }
        },
        { keepFailed: false, operation: "rollback" },
      );
      progress.close();
      if (result.outcome !== "live") return reportFailure(context, host, result);
      const took = ((Date.now() - started) / 1000).toFixed(1);
      context.note(`release ${entry.release!} is live again after ${took} s`);
      return exitCodes.done;
    } finally {
      progress.close();
      interrupt.dispose();
    }
  });
}

/** The release to return to. @throws UserError naming those that can be had. */
async function choose(
  stack: FleetStack,
  { history }: TransactionHost,
  wanted: string | undefined,
): Promise<HistoryEntry> {
  const live = readRecords(await stack.resources()).journal?.release;
  const healthy = history.healthy().filter(({ release }) => release !== live);
  const found = wanted ? healthy.find(({ release }) => release === wanted) : healthy[0];
  if (found) return found;
  if (wanted !== undefined && wanted === live) throw new UserError(`release ${wanted} is live`);
  const list = healthy.map(({ release, at }) => `${release!} (${at})`).join(", ") || "none";
  throw new UserError(
    `${wanted ? `release ${wanted} cannot be returned to` : "there is no release to return to"}; kept are: ${list}`,
  );
}

async function replay(
  host: TransactionHost,
  site: Site,
  target: Deployment,
  tell: (event: ReleaseEvent) => void,
): Promise<Readonly<Record<string, number>>> {
  const current = await host.engine.exportDeployment();
  const identity = {
    transaction: newTransaction(),
    journal: {
      from: readRecords(current.deployment?.resources ?? []).journal?.release ?? null,
      owner: owner(),
      since: new Date().toISOString(),
      historyHead: host.history.head(),
      context: readRecords(target.resources ?? []).journal?.context ?? {},
    },
  };
  const { opened, journal } = withJournal(current, target, identity);
  const wanted = asTransaction(target, identity);
  const release = readRecords(target.resources ?? []).journal?.release ?? "unknown";
  tell({ kind: "begin", transaction: identity.transaction, release });
  await host.engine.importDeployment(opened);
  const deployment: Deployment = { ...wanted, resources: [...(wanted.resources ?? []), journal] };
  const hooks = asGateHooks({
    ...{ site, current: current.deployment ?? {}, target },
    ...{ transaction: identity.transaction, tell },
  });
  const counts = await host.engine.up(
    replayProgram(deployment, {
      ...replaceOrderOf(target),
      ...{ hooks, ...(host.waits && { waits: host.waits }) },
    }),
    { refresh: false },
  );
  const made = await host.engine.exportDeployment();
  await host.engine.importDeployment({
    ...made,
    deployment: withChosenOf(target, made.deployment ?? {}),
  });
  return { create: counts.created, update: counts.updated, delete: counts.deleted };
}
