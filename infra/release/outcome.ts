import type { Deployment, ResourceRecord } from "./deployment.ts";
import { identityOf } from "./deployment.ts";
import { readRecords, transactionState } from "./records.ts";

/** What an update left behind, read from the state alone: the engine's word is not needed. */
export type UpdateOutcome =
  /** A new release was committed; if the engine failed all the same, old objects are left to be deleted. */
  | "committed"
  /** The release that was live is live; nothing but the state of its objects may have been repaired. */
  | "unchanged"
  /** It began and was not committed. */
  | "open"
  /** The live release was being repaired, and was not proven again. */
  | "unproven";

export function outcomeOf(before: Deployment | null, after: Deployment | null): UpdateOutcome {
  const old = readRecords(before?.resources ?? []);
  const now = readRecords(after?.resources ?? []);
  const state = transactionState(now);
  if (state === "committed" && now.journal!.transaction !== old.journal?.transaction)
    return "committed";
  if (state === "open" || state === "unproven") return state;
  // Something was made before there was a journal, or by a program that knows none.
  return state === "none" && objects(after) !== objects(before) ? "open" : "unchanged";
}

function objects(deployment: Deployment | null): string {
  return (deployment?.resources ?? [])
    .filter((record: ResourceRecord) => record.custom)
    .map(identityOf)
    .sort()
    .join("\n");
}
