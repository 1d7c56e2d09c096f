import * as pulumi from "@pulumi/pulumi";
import { ReleaseGate, recordOptions, type ReleaseGateArgs } from "./gate.ts";
import { recordNames, stashType, type CommitContent, type JournalContent } from "./records.ts";

/** What a new transaction writes ahead; undefined if the release that is live is deployed again. */
export type JournalEntry = Omit<JournalContent, "version">;

/**
 * The records of one transaction, in the order in which they are written: journal, gates, commit. Between them the
 * program registers its resources.
 */
export class ReleaseTransaction {
  readonly #identity: { readonly transaction: string; readonly release: string };
  readonly #gates: [string, ReleaseGate][] = [];
  readonly #options: () => ForgottenOptions;

  private constructor(
    identity: { readonly transaction: string; readonly release: string },
    options: () => ForgottenOptions,
  ) {
    this.#identity = identity;
    this.#options = options;
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
    const options = rememberOptions();
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
    return new ReleaseTransaction(identity, options);
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
      guards: resolved,
      ...this.#options(),
    }));
    return new pulumi.Stash(
      recordNames.commit,
      { input },
      { ...recordOptions, dependsOn: [...this.#gates.map(([, gate]) => gate), ...dependsOn] },
    );
  }
}

type ForgottenOptions = Pick<CommitContent, "deleteFirst" | "createFirst" | "ignoreChanges">;

/** Notes what the program says and the state forgets: a rollback has to say the same. */
function rememberOptions(): () => ForgottenOptions {
  const orders = new Map<string, boolean>();
  const ignored = new Map<string, readonly string[]>();
  pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
    const { deleteBeforeReplace, ignoreChanges = [] } = opts as pulumi.CustomResourceOptions;
    if (deleteBeforeReplace !== undefined) orders.set(`${type} ${name}`, deleteBeforeReplace);
    // The journal of a release that is deployed again is left as it is; that is no property of the journal.
    if (ignoreChanges.length > 0 && type !== stashType)
      ignored.set(`${type} ${name}`, [...ignoreChanges]);
    return undefined;
  });
  const those = (wanted: boolean) =>
    [...orders]
      .filter(([, order]) => order === wanted)
      .map(([name]) => name)
      .sort();
  return () => ({
    deleteFirst: those(true),
    createFirst: those(false),
    ignoreChanges: Object.fromEntries([...ignored].sort(([a], [b]) => (a < b ? -1 : 1))),
  });
}
