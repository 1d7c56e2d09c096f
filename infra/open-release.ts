import { randomBytes } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { revisionOf } from "../components/platform/revision.ts";
import type { ReleaseGates } from "./release-gates.ts";
import { refusal } from "./refusal.ts";
import { owner } from "./release/lease.ts";
import { packDeployment } from "./release/pack.ts";
import { History } from "./release/history.ts";
import { historyDirectory } from "./release/history-place.ts";
import { healthJudge } from "./health-judge.ts";
import { readRecords, transactionState } from "./release/records.ts";
import type { StartingPoint } from "./release/starting-point.ts";
import { ReleaseTransaction } from "./release/transaction-records.ts";

/** The transaction that this run of the program belongs to. */
export interface OpenRelease {
  readonly identity: { readonly release: string; readonly transaction: string };
  readonly gates: ReleaseGates;
  /** To be called when everything is registered: what it registers is the commit. */
  readonly finish: () => void;
}

/**
 * Writes the journal and makes the gates of a release.
 *
 * @param parts everything that the release is made of: its identity is their hash.
 * @throws if the update before this one was not committed.
 */
export async function openRelease(
  { deployment, link }: StartingPoint,
  {
    dryRun,
    parts,
  }: { readonly dryRun: boolean; readonly parts: Readonly<Record<string, unknown>> },
): Promise<OpenRelease> {
  const records = readRecords(deployment?.resources ?? []);
  const state = transactionState(records);
  const { journal } = records;
  if (state === "open" && !dryRun) {
    throw refusal(
      `release ${journal!.release} was not committed (${journal!.transaction}, begun ${journal!.since} by ` +
        `${journal!.owner.user}@${journal!.owner.host}); it is rolled back first: ./fleet recover`,
    );
  }
  const release = `r-${revisionOf(parts).slice(0, 10)}`;
  // Nothing new, no new transaction: an unchanged `up` shows no change at all.
  const again = state === "committed" && journal!.release === release;
  const transaction = again ? journal!.transaction : newTransaction();
  const identity = { release, transaction };
  const written = await ReleaseTransaction.begin(
    identity,
    again
      ? undefined
      : {
          ...identity,
          from: journal?.release ?? null,
          owner: owner(),
          since: new Date().toISOString(),
          historyHead: new History(historyDirectory(pulumi.getProject(), pulumi.getStack())).head(),
          before: deployment && !dryRun ? packDeployment(deployment) : null,
        },
  );
  link?.tell({ kind: "begin", ...identity });
  const judge = healthJudge((event) => link?.tell(event));
  let last: readonly pulumi.Resource[] = [];
  return {
    identity,
    gates: {
      private: (guards, dependsOn) =>
        written.gate("private", { guards, policy: {}, judge }, dependsOn),
      public: (guards, dependsOn) => {
        const gate = written.gate("public", { guards, policy: {}, judge }, dependsOn);
        last = [gate];
        return gate;
      },
    },
    finish: () => void written.commit(last),
  };
}

/** Sorts by time and says when: `t-20260101T120000Z-1a2b3c`. */
function newTransaction(): string {
  return `t-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${randomBytes(3).toString("hex")}`;
}
