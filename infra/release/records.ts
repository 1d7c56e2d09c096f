import { createHash } from "node:crypto";
import { stringify } from "safe-stable-stringify";

/**
 * What the transaction writes into the state, and how it is read back. Builtin `Stash` resources: reading them needs
 * no plugin, and any machine that can read the stack can finish the job.
 */

export const recordNames = {
  journal: "release-journal",
  commit: "release-commit",
  gatePrefix: "release-gate-",
} as const;

export const stashType = "pulumi:index:Stash";

/** Who runs a transaction. */
export interface Owner {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
}

/** Content of the write-ahead journal. */
export interface JournalContent {
  readonly version: 1;
  readonly transaction: string;
  readonly release: string;
  /** Release that is replaced; null on a first deployment. */
  readonly from: string | null;
  /** Identity of the state, made with its first transaction and handed on from journal to journal. */
  readonly lineage: string;
  readonly owner: Owner;
  /** ISO 8601. */
  readonly since: string;
  /** Hash of the last entry of the history; `fleet history --verify` finds a cut-off tail by it. */
  readonly historyHead: string | null;
  /** What the program itself has to know again when it runs with the same release; plain JSON. */
  readonly context: unknown;
  /** Deployment from before, packed; null on a first deployment. Secret. */
  readonly before: string | null;
}

/** Identity of everything that a gate watches over: name -> what changes when the object does. */
export type Guarded = Readonly<Record<string, string>>;

export interface GateContent {
  readonly version: 1;
  readonly transaction: string;
  readonly release: string;
  readonly guards: Guarded;
  /** What is asked, as data: a release that one returns to is judged by its own probes. */
  readonly policy: unknown;
}

export interface CommitContent {
  readonly version: 1;
  readonly transaction: string;
  readonly release: string;
  /** What every gate guards, by gate. */
  readonly guards: Readonly<Record<string, Guarded>>;
  /** What is replaced delete-first and create-first, as `type name`: the state does not keep it. */
  readonly deleteFirst: readonly string[];
  readonly createFirst: readonly string[];
  /** Properties of which the program says that their changes do not count, by `type name`: not kept either. */
  readonly ignoreChanges?: Readonly<Record<string, readonly string[]>>;
}

/** What is read of a resource of the state. */
export interface StateRecord {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly delete?: boolean;
  readonly inputs?: Readonly<Record<string, unknown>> | undefined;
}

export interface ReleaseRecords {
  readonly journal: JournalContent | undefined;
  readonly commit: CommitContent | undefined;
  readonly gates: ReadonlyMap<string, GateContent>;
}

/**
 * Where a stack stands.
 *
 * - `none`: no transaction was ever written.
 * - `committed`: the release in the journal is live and proven.
 * - `open`: an update began and was not committed; it has to be rolled back.
 * - `unproven`: a repair of the live release was cut off before its gates passed; the next update proves it again.
 */
export type TransactionState = "none" | "committed" | "open" | "unproven";

/** The records of a deployment; of two with one name, the one that is not about to be deleted. */
export function readRecords(resources: readonly StateRecord[]): ReleaseRecords {
  const found = new Map<string, unknown>();
  for (const { urn, type, inputs, delete: leaving } of resources) {
    const name = urn.slice(urn.lastIndexOf("::") + 2);
    if (type === stashType && !leaving && name.startsWith("release-"))
      found.set(name, inputs?.["input"]);
  }
  const gates = [...found].filter(([name]) => name.startsWith(recordNames.gatePrefix));
  return {
    journal: found.get(recordNames.journal) as JournalContent | undefined,
    commit: found.get(recordNames.commit) as CommitContent | undefined,
    gates: new Map(
      gates.map(([name, content]) => [
        name.slice(recordNames.gatePrefix.length),
        content as GateContent,
      ]),
    ),
  };
}

export function transactionState({ journal, commit, gates }: ReleaseRecords): TransactionState {
  if (!journal) return "none";
  if (commit?.transaction !== journal.transaction) return "open";
  const guards = Object.fromEntries([...gates].map(([gate, content]) => [gate, content.guards]));
  return sha256(commit.guards) === sha256(guards) ? "committed" : "unproven";
}

/** SHA-256 of a JSON value with its keys sorted, hex. */
export function sha256(value: unknown): string {
  return createHash("sha256")
    .update(stringify(value) ?? "")
    .digest("hex");
}
