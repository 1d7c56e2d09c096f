import type { Deployment, ResourceRecord } from "./deployment.ts";
import { asSecret } from "./deployment-values.ts";
import { isJournal, packWhole } from "./pack.ts";
import { readRecords, transactionState, type JournalContent } from "./records.ts";

/** What a rollback works towards, and how its result becomes the deployment from before. */
interface Goal {
  readonly deployment: Deployment | undefined;
  /** Puts the old journal back into a replayed deployment: from then on the rollback is over. */
  readonly close: (replayed: Deployment) => Deployment;
}

/**
 * The deployment before, with the journal of the failed release instead of its own. As long as that lies in the state, the
 * transaction is open: whoever finds the stack in the middle of a rollback knows that it has to be finished, and how. What
 * it started from is kept whole, since the old journal is no longer beside it.
 */
export function withOpenJournal(failed: Deployment, before: Deployment | undefined): Goal {
  const asItIs: Goal = { deployment: before, close: (replayed) => replayed };
  const records = failed.resources ?? [];
  const open = records.find((record) => isJournal(record) && !record.delete);
  const old = before?.resources?.find((record) => isJournal(record) && !record.delete);
  // A first deployment has nothing to go back to, so nothing is in between either.
  if (!before || !open || !old || transactionState(readRecords(records)) !== "open") return asItIs;

  const content: JournalContent = {
    ...(open.inputs!["input"] as JournalContent),
    before: asSecret(packWhole(before)) as string,
  };
  const journal: ResourceRecord = {
    ...old,
    ...(open.id !== undefined && { id: open.id }),
    inputs: { input: content },
    outputs: { input: content, output: content },
  };
  const exchanged = (deployment: Deployment, record: ResourceRecord): Deployment => ({
    ...deployment,
    resources: (deployment.resources ?? []).map((other) =>
      isJournal(other) && !other.delete ? record : other,
    ),
  });
  return {
    deployment: exchanged(before, journal),
    close: (replayed) => exchanged(replayed, old),
  };
}
