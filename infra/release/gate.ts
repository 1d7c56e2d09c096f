import * as pulumi from "@pulumi/pulumi";
import type { GateContent, Guarded } from "./records.ts";
import { recordNames } from "./records.ts";

/** What a gate found. */
export interface GateVerdict {
  readonly pass: boolean;
  /** Why not, one line each; empty if it passed. */
  readonly reasons: readonly string[];
  /** What failed it, by the names it is guarded under. */
  readonly subjects: readonly string[];
  /** Every probe and its answers, for the audit; plain JSON without secrets. */
  readonly probes: readonly unknown[];
}

/** Judges what a gate guards. Runs inside the update: as long as it takes, nothing is deleted. */
export type Judge = (gate: string, content: GateContent) => Promise<GateVerdict>;

export interface ReleaseGateArgs {
  readonly transaction: string;
  readonly release: string;
  readonly guards: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** Kept with the gate; plain JSON, no secrets. */
  readonly policy: pulumi.Input<unknown>;
  readonly judge: Judge;
}

/**
 * A resource whose after-hook throws unless everything it guards is well. It changes exactly when the transaction or
 * an object that it guards changes, so an unchanged update asks nothing and a preview stays empty.
 */
export class ReleaseGate extends pulumi.Stash {
  readonly guards: pulumi.Output<Guarded>;

  constructor(gate: string, args: ReleaseGateArgs, opts: pulumi.CustomResourceOptions) {
    const guards = pulumi.output(args.guards) as pulumi.Output<Guarded>;
    const content = pulumi.all([guards, args.policy]).apply(([resolved, policy]): GateContent => ({
      version: 1,
      transaction: args.transaction,
      release: args.release,
      guards: resolved,
      policy,
    }));
    const hook = gateHook(gate, args.judge);
    super(
      `${recordNames.gatePrefix}${gate}`,
      { input: content },
      { ...opts, ...recordOptions, hooks: { afterCreate: [hook], afterUpdate: [hook] } },
    );
    this.guards = guards;
  }
}

/** Every record is replaced as a whole: an update of a `Stash` would keep the first content beside the new one. */
export const recordOptions = {
  replaceOnChanges: ["input"],
  deleteBeforeReplace: false,
} satisfies pulumi.CustomResourceOptions;

/** The hook alone: a replay of a release binds it to that release's own gate. */
export function gateHook(gate: string, judge: Judge): pulumi.ResourceHook {
  return new pulumi.ResourceHook(`release-gate-${gate}`, async ({ newInputs }) => {
    const content = (newInputs as { input: GateContent }).input;
    const { pass, reasons } = await judge(gate, content);
    if (!pass) throw new Error(`gate ${gate}: ${reasons.join("; ")}`);
  });
}
