import * as pulumi from "@pulumi/pulumi";
import type { ChildOptions, Neighbours, RuleFile } from "../platform/platform.ts";
import { scopeRules } from "./scope.render.ts";

/** What a Prometheus of our own says for all rules. */
export interface OwnDefaults {
  /** Between two evaluations; a Prometheus duration. @default that of the other Prometheus */
  readonly interval?: string;
  /** @default none */
  readonly alertLabels?: Readonly<Record<string, string>>;
}

/** Gives rules to the platform's monitoring, if that was asked for. @param files name -> content */
export function giveRules(
  { rules, scope }: Neighbours,
  files: Readonly<Record<string, pulumi.Input<string>>>,
  opts: ChildOptions,
  defaults: OwnDefaults = {},
): void {
  if (rules === undefined) return;
  for (const [file, text] of Object.entries(files)) {
    const scoped = pulumi
      .output(text)
      .apply((known) => withDefaults(scopeRules(known, scope), defaults));
    rules(file.replace(/[.].*/, ""), scoped, opts);
  }
}

function withDefaults({ groups }: RuleFile, { interval, alertLabels }: OwnDefaults): RuleFile {
  return {
    groups: groups.map((group) => ({
      ...group,
      ...(interval !== undefined && { interval }),
      rules: group.rules.map((rule) =>
        "alert" in rule && alertLabels
          ? { ...rule, labels: { ...rule.labels, ...alertLabels } }
          : rule,
      ),
    })),
  };
}
