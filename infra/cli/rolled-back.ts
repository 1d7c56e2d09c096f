import { join } from "node:path";
import type { HistoryEntry } from "../release/history.ts";
import { nameOf } from "../release/deployment.ts";
import { deploymentBefore } from "../release/pack.ts";
import { readRecords } from "../release/records.ts";
import { prove, rollBack, type RollbackResult } from "../release/roll-back.ts";
import type { Observer } from "../release/observer.ts";
import {
  collect,
  type TransactionHost,
  type TransactionResult,
} from "../release/run-transaction.ts";
import type { CommandContext } from "./context.ts";
import { exitCodes } from "./exit-codes.ts";
import type { FleetStack } from "./fleet-stack.ts";

/**
 * Finishes what an interrupted run left: an update that was not committed is rolled back before anything else.
 *
 * @returns exit code if that did not succeed; undefined if there is nothing in the way any more.
 */
export async function recoverFirst(
  context: CommandContext,
  stack: FleetStack,
  host: TransactionHost,
): Promise<number | undefined> {
  return (await stack.isOpen()) ? concluded(context, await recover(host)) : undefined;
}

/** Says how a recovery ended; the exit code if it did not succeed. */
export function concluded(
  context: CommandContext,
  { result, entry }: { readonly result: RollbackResult; readonly entry: HistoryEntry },
): number | undefined {
  if (result.outcome === "frozen") {
    context.note(describeFrozen(context, result));
    return exitCodes.frozen;
  }
  context.note(describeRecovered(entry, result));
  const remade = remadeLine(result);
  if (remade !== undefined) context.note(remade);
  return undefined;
}

/**
 * Asks again whether the release works that a rollback returned to: the state was restored, its proof failed.
 *
 * @returns undefined if no rollback was left so.
 */
export async function proveAgain(
  host: TransactionHost,
): Promise<{ readonly result: RollbackResult; readonly entry: HistoryEntry } | undefined> {
  const last = host.history.entries().at(-1);
  if (last?.outcome !== "frozen") return undefined;
  const { deployment = null } = await host.engine.exportDeployment();
  const begun = Date.now();
  const { pass, reasons } = await prove(host, deployment ?? {});
  const verify = Date.now() - begun;
  const result: RollbackResult = {
    outcome: pass ? "rolled-back" : "frozen",
    ...{ deployment, reasons, report: undefined, timings: { verify, rollback: verify } },
  };
  const { release, from, transaction } = last;
  const entry = host.history.append({
    ...{ stack: host.stack, operation: "recover", outcome: result.outcome },
    ...{ release, from, transaction, who: host.who, commit: host.commit },
    ...{ changes: {}, steps: [], gates: [], reasons, timings: result.timings },
  });
  return { result, entry };
}

/** Rolls an uncommitted update back, from what its journal says. */
export async function recover(
  host: TransactionHost,
  observer?: Observer,
): Promise<{ readonly result: RollbackResult; readonly entry: HistoryEntry }> {
  const failed = await host.engine.exportDeployment();
  const { journal } = readRecords(failed.deployment?.resources ?? []);
  host.note(
    `release ${journal!.release} was not committed (${journal!.transaction}, begun ${journal!.since} by ` +
      `${journal!.owner.user}@${journal!.owner.host}); it is rolled back`,
  );
  const evidence = join("evidence", journal!.transaction);
  await collect(host, evidence, observer?.subjects ?? []);
  const before = failed.deployment ? deploymentBefore(failed.deployment) : undefined;
  const result = await rollBack(host, {
    failed,
    before: before && { ...failed, deployment: before },
    refresh: true,
  });
  const entry = host.history.append({
    stack: host.stack,
    operation: "recover",
    outcome: result.outcome,
    release: journal!.release,
    from: journal!.from,
    transaction: journal!.transaction,
    who: host.who,
    commit: host.commit,
    changes: {},
    steps: [],
    gates: observer?.gates ?? [],
    reasons: [
      ...(observer?.reasons.length ? observer.reasons : ["not committed"]),
      ...result.reasons,
    ],
    timings: result.timings,
    evidence,
  });
  return { result, entry };
}

/** Objects whose last lines are shown: the copies of a server say the same. */
const shownObjects = 2;

/** Says what failed and what became of it; the exit code. */
export function reportFailure(
  context: CommandContext,
  host: TransactionHost,
  result: TransactionResult,
): number {
  const { release, from } = result.entry ?? { release: null, from: null };
  const why = result.reasons.map((reason) => `  ${reason.replaceAll("\n", "\n  ")}`).join("\n");
  const evidence = result.evidence
    ? `evidence: ${join(host.history.directory, result.evidence)}`
    : "";
  const took = `${((result.rollback?.timings["rollback"] ?? 0) / 1000).toFixed(1)} s`;
  const says: Record<string, string> = {
    "rolled-back": `ROLLED BACK in ${took}: release ${release ?? "?"} failed, release ${from ?? "?"} is live as it was before\n${why}`,
    "cleaned-up": `CLEANED UP in ${took}: the first deployment failed and what it made is removed; data volumes are kept\n${why}`,
    kept: `FAILED: the first deployment is kept as it is, for looking at; the next ./fleet up removes it first\n${why}`,
    frozen: `${why}\n${result.rollback ? describeFrozen(context, result.rollback) : ""}`,
  };
  context.note(`\n${says[result.outcome] ?? why}`);
  const remade = remadeLine(result.rollback);
  if (remade !== undefined) context.note(remade);
  const lastWords = result.lastWords ?? [];
  for (const { object, lines } of lastWords.slice(0, shownObjects)) {
    context.note([`last lines of ${object}:`, ...lines.map((line) => `  ${line}`)].join("\n"));
  }
  const others = lastWords.slice(shownObjects).map(({ object }) => object);
  if (others.length > 0) context.note(`and in the evidence those of ${others.join(", ")}`);
  if (evidence) context.note(evidence);
  if (context.json) {
    context.out(
      JSON.stringify(
        {
          ...{ stack: context.stack, outcome: result.outcome, release, from },
          ...{ reasons: result.reasons, evidence: result.evidence ?? null },
          lastLines: result.lastWords ?? [],
          timings: result.entry?.timings ?? {},
        },
        undefined,
        2,
      ),
    );
  }
  const codes: Record<string, number> = {
    "rolled-back": exitCodes.rolledBack,
    "cleaned-up": exitCodes.cleanedUp,
    kept: exitCodes.cleanedUp,
  };
  return codes[result.outcome] ?? exitCodes.frozen;
}

/** What had to be made again; undefined if nothing had. */
function remadeLine(result: RollbackResult | undefined): string | undefined {
  const remade = result?.outcome === "rolled-back" ? (result.report?.remade ?? []) : [];
  const names = remade.map((urn) => `${urn.split("$").at(-1)!.split("::")[0]!} ${nameOf(urn)}`);
  return names.length > 0 ? `made again, because it was gone: ${names.join(", ")}` : undefined;
}

function describeFrozen({ stack }: CommandContext, { reasons }: RollbackResult): string {
  return (
    `FROZEN: the rollback did not succeed, and nothing more is tried by itself\n` +
    `${reasons.map((reason) => `  ${reason.replaceAll("\n", "\n  ")}`).join("\n")}\n` +
    `when the cause is gone: ./fleet recover --stack ${stack}`
  );
}

function describeRecovered(
  { release, from, timings }: HistoryEntry,
  { outcome }: RollbackResult,
): string {
  const took = `${((timings["rollback"] ?? 0) / 1000).toFixed(1)} s`;
  return outcome === "cleaned-up"
    ? `recovered in ${took}: what release ${release ?? "?"} made is removed; there was none before it`
    : `recovered in ${took}: release ${from ?? "?"} is live as it was before`;
}
