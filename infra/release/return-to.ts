import { randomUUID } from "node:crypto";
import type { Deployment, ResourceRecord, StackExport } from "./deployment.ts";
import { liveResources, nameOf } from "./deployment.ts";
import { asSecret, withDefaultsOf } from "./deployment-values.ts";
import { packDeployment } from "./pack.ts";
import {
  readRecords,
  recordNames,
  type CommitContent,
  type GateContent,
  type JournalContent,
} from "./records.ts";

const stashType = "pulumi:index:Stash";

/** What a return to an earlier release is registered under. */
export interface ReturnIdentity {
  readonly transaction: string;
  readonly journal: Omit<
    JournalContent,
    "version" | "before" | "release" | "transaction" | "lineage"
  >;
}

/**
 * The deployment of an earlier release as a new transaction: the same resources, but records that name this
 * transaction, so that its gates speak again and its commit is its own.
 */
export function asTransaction(target: Deployment, { transaction }: ReturnIdentity): Deployment {
  return {
    ...target,
    resources: liveResources(target)
      .filter(({ urn }) => nameOf(urn) !== recordNames.journal)
      .map((record) => (isRecord(record) ? renamed(record, transaction) : record)),
  };
}

/**
 * The current deployment with the journal of the return written ahead: from here on, whoever finds the stack knows
 * how to get back to what is live now.
 */
export function withJournal(
  current: StackExport,
  target: Deployment,
  { transaction, journal }: ReturnIdentity,
): { readonly opened: StackExport; readonly journal: ResourceRecord } {
  const deployment = current.deployment ?? {};
  const old = liveResources(deployment).find(
    ({ type, urn }) => type === stashType && nameOf(urn) === recordNames.journal,
  );
  if (!old) throw new Error("the stack has no journal: deploy it once with this version");
  const content = {
    ...journal,
    version: 1,
    lineage: readRecords([old]).journal?.lineage,
    transaction,
    release: releaseOf(target),
    before: asSecret(packDeployment(deployment)),
  };
  const record: ResourceRecord = {
    ...old,
    id: randomUUID(),
    inputs: { input: content },
    outputs: { input: content, output: content },
  };
  // The new one first: a live record has to stand before the condemned one of the same name.
  const resources = (deployment.resources ?? []).flatMap((entry) =>
    entry === old ? [record, { ...old, delete: true }] : [entry],
  );
  return { opened: { ...current, deployment: { ...deployment, resources } }, journal: record };
}

/**
 * What the return has made, with the plugins' notes on what they had chosen themselves. The replay said every input, so
 * without them the next update would choose anew: other names, other objects.
 */
export function withChosenOf(target: Deployment, made: Deployment): Deployment {
  const noted = new Map(liveResources(target).map(({ urn, inputs }) => [urn, inputs]));
  const resources = (made.resources ?? []).map((record) => {
    const notes = record.delete ? undefined : noted.get(record.urn);
    return record.inputs && notes
      ? { ...record, inputs: withDefaultsOf(record.inputs, notes) }
      : record;
  });
  return { ...made, resources };
}

export function releaseOf(deployment: Deployment): string {
  const commit = liveResources(deployment).find(
    ({ type, urn }) => type === stashType && nameOf(urn) === recordNames.commit,
  );
  return (commit?.inputs?.["input"] as CommitContent | undefined)?.release ?? "unknown";
}

function isRecord({ type, urn }: ResourceRecord): boolean {
  const name = nameOf(urn);
  return (
    type === stashType && (name === recordNames.commit || name.startsWith(recordNames.gatePrefix))
  );
}

function renamed(record: ResourceRecord, transaction: string): ResourceRecord {
  const content = record.inputs?.["input"] as CommitContent | GateContent;
  return { ...record, inputs: { input: { ...content, transaction } } };
}
