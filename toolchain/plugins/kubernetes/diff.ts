import type { DiffAnswer } from "../bridge/diff.ts";
import { mapProperties, withoutSecrets, type Properties } from "../bridge/values.ts";
import type { DiffRequest } from "../rpc/provider.ts";
import { AUTONAMED, isAnnotated } from "./annotations.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { differences } from "./detailed-diff.ts";
import { immutableFields, type MutableData } from "./immutable-fields.ts";
import { kindOf, type Kind } from "./kinds.ts";
import { normalise } from "./normalise.ts";
import { nameOf, namespaceOf, withMember } from "./object.ts";
import { prune } from "./prune.ts";

/** Compares the last known live object, as far as the program declared it, with new inputs. Asks no cluster. */
export function diff(request: DiffRequest, mutable: MutableData): DiffAnswer {
  const kind = kindOf(request.type);
  const old = parseCheckpoint(request.olds);
  const news = mapProperties(request.news, withoutSecrets);
  const inputs = inNamespace(kind, normalise(kind, news));
  const live = comparable(kind, old.live, normalise(kind, old.inputs), inputs);

  const { detailed, removed } = differences(live, inputs, immutableFields(kind, inputs, mutable));
  const counted = Object.keys(detailed)
    .filter((path) => !request.ignoreChanges.some((start) => isBelow(path, start)))
    .sort();
  const replaces = counted.filter(
    (path) =>
      detailed[path]?.endsWith("_REPLACE") || (path === "metadata" && removed.includes(path)),
  );
  const inputDiffs = counted.filter((path) => removed.includes(path));
  // A new object under the same name can only come after the old one.
  const deleteFirst =
    replaces.length > 0 &&
    nameOf(inputs) !== "" &&
    !isAnnotated(inputs, AUTONAMED) &&
    nameOf(inputs) === nameOf(old.live) &&
    namespaceOf(inputs) === namespaceOf(inNamespace(kind, old.live));
  return {
    ...(replaces.length > 0 && { replaces }),
    ...(deleteFirst && { deleteBeforeReplace: true }),
    changes: counted.length > 0 ? "DIFF_SOME" : "DIFF_NONE",
    ...(counted.length > 0 && {
      detailedDiff: Object.fromEntries(counted.map((path) => [path, detailed[path] ?? "UPDATE"])),
    }),
    ...(inputDiffs.length > 0 && { inputDiffs }),
    hasDetailedDiff: true,
  };
}

/** The live object in the shape of the old inputs, under the name it has. */
function comparable(
  kind: Kind,
  live: Properties,
  oldInputs: Properties,
  inputs: Properties,
): Properties {
  let pruned = inNamespace(kind, prune(live, oldInputs));
  if (pruned.apiVersion === undefined && pruned.kind === undefined) {
    pruned = { ...pruned, apiVersion: kind.apiVersion, kind: kind.kind };
  }
  pruned = withMember(pruned, ["metadata", "resourceVersion"], undefined);
  return nameOf(inputs) === "" ? pruned : withMember(pruned, ["metadata", "name"], nameOf(live));
}

/** With the namespace it is in, said or not; without one, if its kind is cluster-wide. */
function inNamespace(kind: Kind, object: Properties): Properties {
  const path = ["metadata", "namespace"];
  if (!kind.namespaced) return withMember(object, path, undefined);
  return namespaceOf(object) === "" ? withMember(object, path, "default") : object;
}

function isBelow(path: string, start: string): boolean {
  return path === start || path.startsWith(`${start}.`) || path.startsWith(`${start}[`);
}
