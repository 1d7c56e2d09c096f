import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Deployment, StackExport } from "./deployment.ts";
import type { ReleaseEngine } from "./engine-run.ts";
import type { GateVerdict } from "./gate.ts";
import type { History, HistoryEntry, NewEntry } from "./history.ts";
import { LinkServer, type ReleaseEvent } from "./link.ts";
import { Observer } from "./observer.ts";
import { outcomeOf } from "./outcome.ts";
import { readRecords, transactionState, type GateContent, type Owner } from "./records.ts";
import type { Waits } from "./replay.ts";
import type { RemoveStray } from "./restore.ts";
import { rollBack, type RollbackResult } from "./roll-back.ts";
import { isDeployed } from "./starting-point.ts";
import type { MergeOptions } from "./merge.ts";

/** How the engine's part of an update ended. */
export interface UpdateEnd {
  readonly ok: boolean;
  /** What the engine and the program said went wrong; empty if nothing. */
  readonly problems: readonly string[];
  readonly interrupted: boolean;
  /** Steps by kind: `create` -> 12; "same" is left out. */
  readonly changes: Readonly<Record<string, number>>;
  readonly steps: readonly string[];
}

/** The last lines that an object wrote which a gate found at fault. */
export interface LastWords {
  readonly object: string;
  readonly lines: readonly string[];
}

/** What the transaction needs of the world around it. */
export interface TransactionHost {
  readonly stack: string;
  readonly engine: ReleaseEngine;
  /** The state as the backend keeps it, secrets encrypted: what is kept of a healthy release. */
  readonly exportEncrypted: () => Promise<StackExport>;
  readonly history: History;
  readonly who: Owner & { readonly ci?: string };
  readonly commit: HistoryEntry["commit"];
  /** Judges the gates of the release that is returned to, in its deployment (secrets open). */
  readonly prove: (
    gate: string,
    content: GateContent,
    deployment: Deployment,
  ) => Promise<GateVerdict>;
  /** @default a replay waits for what plugins wait for */
  readonly waits?: Waits | undefined;
  /** Types without an object in the world; see `MergeOptions`. */
  readonly logicalTypes: NonNullable<MergeOptions["logicalTypes"]>;
  /** Writes logs and descriptions of what failed into a folder, before it is removed; what to show of them at once. */
  readonly collectEvidence: (
    folder: string,
    subjects: readonly string[],
  ) => Promise<readonly LastWords[]>;
  /**
   * Ends new objects at fault that start again and again, before they are removed: they take processor time that the
   * old release and the rollback need.
   */
  readonly stopFailing: (subjects: readonly string[]) => Promise<void>;
  /** Removes what was made and is in no state. */
  readonly removeStray: RemoveStray;
  /** One line for people. */
  readonly note: (text: string) => void;
  readonly onEvent: (event: ReleaseEvent) => void;
}

export interface TransactionResult {
  readonly outcome:
    "live" | "unchanged" | "refused" | "rolled-back" | "cleaned-up" | "frozen" | "kept";
  /** State after everything, secrets in plain text. */
  readonly deployment: Deployment | null;
  readonly reasons: readonly string[];
  readonly update: UpdateEnd;
  readonly rollback?: RollbackResult;
  readonly evidence?: string;
  readonly lastWords?: readonly LastWords[];
  readonly entry?: HistoryEntry;
}

/**
 * Runs an update as a transaction: afterwards the new release is live and proven, or the one before is.
 *
 * @param update runs the engine; `link` is for the program's environment (`linkVariable`), `tell` for one that runs here.
 * @param options.keepFailed leaves a failed first deployment as it is, for looking at.
 */
export async function runTransaction(
  host: TransactionHost,
  update: (link: string, tell: (event: ReleaseEvent) => void) => Promise<UpdateEnd>,
  options: { readonly keepFailed: boolean; readonly operation?: "deploy" | "rollback" },
): Promise<TransactionResult> {
  const begun = Date.now();
  const start = await host.engine.exportDeployment();
  const before = isDeployed(start.deployment) ? start.deployment : null;
  const observed = new Observer((event) => {
    if (event.kind === "phase" && event.phase === "gate") host.engine.prepare?.();
    host.onEvent(event);
  });
  const link = await LinkServer.open(() => ({ before }), observed.onEvent);
  const end = await update(link.path, observed.onEvent).finally(() => link.close());
  const ended = Date.now();
  if (end.ok && observed.transaction === undefined && Object.keys(end.changes).length === 0) {
    return { outcome: "unchanged", deployment: before, reasons: end.problems, update: end };
  }

  let unreadable: string | undefined;
  const failed = await host.engine.exportDeployment().catch((error: Error): StackExport => {
    unreadable = `the state cannot be read: ${error.message}`;
    return start;
  });
  const after = isDeployed(failed.deployment) ? failed.deployment : null;
  const outcome = outcomeOf(before, after);
  const { journal: old } = readRecords(before?.resources ?? []);
  const { journal } = readRecords(after?.resources ?? []);
  const entry = (
    more: Pick<NewEntry, "outcome" | "reasons" | "timings" | "evidence">,
  ): NewEntry => ({
    stack: host.stack,
    operation: options.operation ?? "deploy",
    release: observed.release ?? journal?.release ?? null,
    from: old?.release ?? null,
    transaction: observed.transaction ?? journal?.transaction ?? null,
    who: host.who,
    commit: host.commit,
    changes: end.changes,
    steps: end.steps,
    gates: observed.gates,
    ...more,
  });

  if (unreadable !== undefined) {
    const rollback = {
      ...({ outcome: "frozen", deployment: null, reasons: [unreadable] } as const),
      ...{ report: undefined, timings: {} },
    };
    const timings = { ...observed.timings(begun, ended), total: Date.now() - begun };
    const reasons = [...end.problems, unreadable];
    return {
      ...{ outcome: "frozen", deployment: null, reasons: end.problems, update: end, rollback },
      entry: host.history.append(entry({ outcome: "frozen", reasons, timings })),
    };
  }
  if (outcome === "committed") {
    const kept = await host.exportEncrypted();
    const timings = { ...observed.timings(begun, ended), total: Date.now() - begun };
    return {
      outcome: "live",
      deployment: after,
      reasons: end.problems,
      update: end,
      entry: host.history.append(entry({ outcome: "live", reasons: end.problems, timings }), kept),
    };
  }
  if (outcome === "unchanged") {
    return {
      outcome: end.ok ? "unchanged" : "refused",
      deployment: after,
      reasons: end.problems,
      update: end,
    };
  }

  const said = observed.reasons.length > 0 ? observed.reasons : end.problems;
  const reasons = end.interrupted && observed.reasons.length === 0 ? ["interrupted"] : said;
  const evidence = join("evidence", observed.transaction ?? `unknown-${begun}`);
  const lastWords = await collect(host, evidence, observed.subjects);
  if (!before && options.keepFailed) {
    return { outcome: "kept", deployment: after, reasons, update: end, evidence, lastWords };
  }
  // What cannot be stopped the rollback removes all the same.
  await host.stopFailing(observed.subjects).catch(() => undefined);
  host.onEvent({ kind: "phase", phase: "rollback" });
  const rollback = await rollBack(host, {
    failed,
    before: before ? start : undefined,
    refresh: end.interrupted,
  });
  const timings = {
    ...observed.timings(begun, ended),
    ...rollback.timings,
    total: Date.now() - begun,
  };
  const appended = host.history.append(
    entry({
      outcome: rollback.outcome,
      reasons: [...reasons, ...rollback.reasons],
      timings,
      evidence,
    }),
  );
  return {
    outcome: rollback.outcome,
    deployment: rollback.deployment,
    reasons,
    update: end,
    rollback,
    evidence,
    lastWords,
    entry: appended,
  };
}

/** Whether the stack has an update that was neither committed nor rolled back. */
export function isOpen(deployment: Deployment | null | undefined): boolean {
  return transactionState(readRecords(deployment?.resources ?? [])) === "open";
}

/** Evidence is never a reason to leave a rollback undone. */
export async function collect(
  host: Pick<TransactionHost, "history" | "collectEvidence" | "note">,
  evidence: string,
  subjects: readonly string[],
): Promise<readonly LastWords[]> {
  const folder = join(host.history.directory, evidence);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return await host.collectEvidence(folder, subjects);
  } catch (error) {
    host.note(`evidence could not be kept in ${folder}: ${(error as Error).message}`);
    return [];
  }
}
