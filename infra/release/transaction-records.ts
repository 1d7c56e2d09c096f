import * as pulumi from "@pulumi/pulumi";
import { ReleaseGate, recordOptions, type ReleaseGateArgs } from "./gate.ts";
import { recordNames, type CommitContent, type JournalContent } from "./records.ts";

/** What a new transaction writes ahead; undefined if the release that is live is deployed again. */
export type JournalEntry = Omit<JournalContent, "version">;

/**
 * The records of one transaction, in the order in which they are written: journal, gates, commit. Between them the
 * program registers its resources.
 */
export class ReleaseTransaction {
  readonly #identity: { readonly transaction: string; readonly release: string };
  readonly #gates: [string, ReleaseGate][] = [];
  readonly #replaceOrder: () => ReplaceOrder;

  private constructor(
    identity: { readonly transaction: string; readonly release: string },
    replaceOrder: () => ReplaceOrder,
  ) {
    this.#identity = identity;
    this.#replaceOrder = replaceOrder;
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
    const replaceOrder = rememberReplaceOrder();
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
    return new ReleaseTransaction(identity, replaceOrder);
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
      ...this.#replaceOrder(),
    }));
    return new pulumi.Stash(
      recordNames.commit,
      { input },
      { ...recordOptions, dependsOn: [...this.#gates.map(([, gate]) => gate), ...dependsOn] },
    );
  }
}

type ReplaceOrder = Pick<CommitContent, "deleteFirst" | "createFirst">;

/** Notes what the program says of the order of replacements: the state forgets it, and a rollback has to know. */
function rememberReplaceOrder(): () => ReplaceOrder {
  const orders = new Map<string, boolean>();
  pulumi.runtime.registerStackTransformation(({ type, name, opts }) => {
    const { deleteBeforeReplace } = opts as pulumi.CustomResourceOptions;
    if (deleteBeforeReplace !== undefined) orders.set(`${type} ${name}`, deleteBeforeReplace);
    return undefined;
  });
  const those = (wanted: boolean) =>
    [...orders]
      .filter(([, order]) => order === wanted)
      .map(([name]) => name)
      .sort();
  return () => ({ deleteFirst: those(true), createFirst: those(false) });
}
