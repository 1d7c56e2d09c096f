import { sameFacts, sameProperties, withDefaultsOf, withoutDefaults } from "./deployment-values.ts";
import {
  isProviderType,
  liveResources,
  providerReference,
  type Deployment,
  type Properties,
  type ResourceRecord,
} from "./deployment.ts";

/** Inputs without what a plugin adds for itself and a program must not send. */
export type CleanInputs = (type: string, inputs: Properties) => Properties;

export interface Settled {
  readonly deployment: Deployment;
  /** URNs that did not come out as they were: made again, or with other outputs. */
  readonly different: readonly string[];
  /** Those of them that are other objects now: they were gone. */
  readonly remade: readonly string[];
}

/**
 * Step 3 of a rollback: what came out of the replay equal to what it was is written back exactly as it was, with its
 * times, source positions, hooks, and in its order. When all is equal, the result is the deployment from before itself.
 *
 * @param replayed deployment after the replay, secrets open
 * @param before deployment that was replayed, secrets open; undefined if there was none
 * @throws if the replay left a resource that `before` does not have, or lost one: somebody else changed the stack
 */
export function settle(
  replayed: Deployment,
  before: Deployment | undefined,
  options: { readonly cleanInputs?: CleanInputs } = {},
): Settled {
  const wanted = liveResources(before);
  const results = new Map(liveResources(replayed).map((record) => [record.urn, record]));
  refuseStrangers(replayed, results, wanted, before === undefined);

  const different = new Set<string>();
  const clean = options.cleanInputs ?? ((_type, inputs) => inputs);
  for (const old of wanted) {
    if (!cameOutEqual(results.get(old.urn)!, old, clean)) different.add(old.urn);
  }
  const sound = new Set(
    wanted
      .filter(({ type }) => isProviderType(type))
      .map((old) => providerReference(different.has(old.urn) ? results.get(old.urn)! : old)),
  );
  const resources = wanted.map((old) => {
    const result = results.get(old.urn)!;
    const settled = different.has(old.urn) ? madeAgain(result, old) : old;
    const stale = settled.provider !== undefined && !sound.has(settled.provider);
    return stale && result.provider ? { ...settled, provider: result.provider } : settled;
  });
  const views = (replayed.resources ?? []).filter(({ viewOf }) => viewOf);
  const { resources: _resources, pending_operations: _pending, ...rest } = before ?? replayed;
  return {
    deployment: {
      ...rest,
      // The key may have been changed meanwhile; the one in force encrypts.
      ...(replayed.secrets_providers !== undefined && {
        secrets_providers: replayed.secrets_providers,
      }),
      resources: [...resources, ...views],
    },
    different: [...different],
    remade: wanted
      .filter((old) => old.custom && (results.get(old.urn)!.id ?? "") !== (old.id ?? ""))
      .map(({ urn }) => urn),
  };
}

function cameOutEqual(result: ResourceRecord, old: ResourceRecord, clean: CleanInputs): boolean {
  const inputsOf = ({ type, inputs }: ResourceRecord) => withoutDefaults(clean(type, inputs ?? {}));
  return (
    (result.id ?? "") === (old.id ?? "") &&
    sameProperties(inputsOf(result), inputsOf(old)) &&
    sameFacts(result.outputs, old.outputs)
  );
}

/** What is known of the object comes from the replay, what the program said of it from before. */
function madeAgain(result: ResourceRecord, old: ResourceRecord): ResourceRecord {
  const facts = ["id", "inputs", "outputs", "created", "modified", "provider", "initErrors"];
  const pairs = [
    ...Object.entries(old).filter(([key]) => !facts.includes(key)),
    ...Object.entries(result).filter(([key]) => facts.includes(key)),
  ];
  const settled = Object.fromEntries(pairs) as unknown as ResourceRecord;
  return result.inputs
    ? { ...settled, inputs: withDefaultsOf(result.inputs, old.inputs) }
    : settled;
}

function refuseStrangers(
  replayed: Deployment,
  results: ReadonlyMap<string, ResourceRecord>,
  wanted: readonly ResourceRecord[],
  first: boolean,
): void {
  const urns = new Set(wanted.map(({ urn }) => urn));
  const strangers = (replayed.resources ?? []).filter(
    (record) =>
      !record.viewOf &&
      (record.delete || !urns.has(record.urn)) &&
      !(first && record.type === "pulumi:pulumi:Stack"),
  );
  const lost = [...urns].filter((urn) => !results.has(urn));
  if (strangers.length === 0 && lost.length === 0) return;
  throw new Error(
    "the state after the replay is not the one that was replayed: " +
      [
        ...strangers.map(({ urn, id }) => `${urn} (${id ?? "no id"}) should be gone`),
        ...lost.map((urn) => `${urn} is missing`),
      ].join("; ") +
      "; another process works on this stack, or the replay did not finish: run the rollback again",
  );
}
