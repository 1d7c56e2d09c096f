import type { ResourceRecord } from "../release/deployment.ts";
import type { HistoryEntry } from "../release/history.ts";
import type { LeaseHolder } from "../release/lease.ts";
import { readRecords, transactionState } from "../release/records.ts";

/** Where a stack stands, in one word for machines. */
export type Situation = "none" | "live" | "rolling-back" | "rolled-back" | "frozen";

/**
 * @param holder who changes the stack at this moment.
 * @param last last entry of its history.
 */
export function situationOf(
  resources: readonly ResourceRecord[],
  holder: LeaseHolder | undefined,
  last: HistoryEntry | undefined,
): Situation {
  const state = transactionState(readRecords(resources));
  if (state === "open") {
    if (!holder) return "frozen";
    // Until its gates have spoken, the release before is the one that is live.
    return holder.what === "update" && hasBefore(resources) ? "live" : "rolling-back";
  }
  if (!resources.some(({ type }) => type !== "pulumi:pulumi:Stack")) return "none";
  if (last?.outcome === "frozen") return "frozen";
  return last?.outcome === "rolled-back" ? "rolled-back" : "live";
}

function hasBefore(resources: readonly ResourceRecord[]): boolean {
  return readRecords(resources).journal?.from !== null;
}
