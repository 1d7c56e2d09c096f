import * as pulumi from "@pulumi/pulumi";
import { ReleaseGate, recordOptions, type ReleaseGateArgs } from "./gate.ts";
import {
  guardsDigest,
  recordNames,
  type CommitContent,
  type Guarded,
  type JournalContent,
} from "./records.ts";

/** What a new transaction writes ahead; undefined if the release that is live is deployed again. */
export type JournalEntry = Omit<JournalContent, "version">;

/**
 * The records of one transaction, in the order in which they are written: journal, gates, commit. Between them the
 * program registers its resources.
 */
export class ReleaseTransaction {
  readonly #identity: { readonly transaction: string; readonly release: string };
  readonly #gates: [string, ReleaseGate][] = [];
  readonly #deleteFirst: () => readonly string[];

  private constructor(
    identity: { readonly transaction: string; readonly release: string },
    deleteFirst: () => readonly string[],
  ) {
    this.#identity = identity;
    this.#deleteFirst = deleteFirst;
  }

  /**
   * Writes the journal, and waits until it is in the state: nothing else of the program may be registered before.
   *
   * @param entry undefined keeps the journal as it is.
   */
  static async begin(
    identity: { readonly transaction: string; readonly release: string },
    entry: JournalEntry | undefined,
  ): Promise<ReleaseTransaction> {
    const deleteFirst = rememberDeleteFirst();
    const content = entry && {
      version: 1,
      ...entry,
      before: entry.before === null ? null : pulumi.secret(entry.before),
    };
    const journal = new pulumi.Stash(
      recordNames.journal,
      { input: content ?? {} },
      { ...recordOptions, ...(!entry && { ignoreChanges: ["input"] }) },
    );
    await new Promise((resolve) => journal.urn.apply(resolve));
    return new ReleaseTransaction(identity, deleteFirst);
  }

  /** A gate that everything registered with it as dependency waits for. */
  gate(
    name: string,
    args: Pick<ReleaseGateArgs, "guards" | "policy" | "judge">,
    dependsOn: readonly pulumi.Resource[],
  ): pulumi.Resource {
    const gate = new ReleaseGate(
      name,
      { ...this.#identity, ...args },
      { dependsOn: [...dependsOn] },
    );
    this.#gates.push([name, gate]);
    return gate;
  }

  /** Marks the release healthy. The engine deletes what the old release alone used only after this. */
  commit(dependsOn: readonly pulumi.Resource[]): pulumi.Resource {
    const guards = pulumi.all(
      Object.fromEntries(this.#gates.map(([name, gate]) => [name, gate.guards])),
    );
    const input = guards.apply((resolved): CommitContent => ({
      version: 1,
      ...this.#identity,
      guards: guardsDigest(Object.entries(resolved) as [string, Guarded][]),
      deleteFirst: this.#deleteFirst(),
    }));
    return new pulumi.Stash(
      recordNames.commit,
      { input },
      { ...recordOptions, dependsOn: [...this.#gates.map(([, gate]) => gate), ...dependsOn] },
    );
  }
}

/** Notes every resource that is replaced delete-first: the state forgets it, and a rollback has to know. */
function rememberDeleteFirst(): () => readonly string[] {
  const names = new Set<string>();
  pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
    if ((opts as pulumi.CustomResourceOptions).deleteBeforeReplace) names.add(`${type} ${name}`);
    return undefined;
  });
  return () => [...names].sort();
}
