import { deepEqual, isObject, type Properties, type Value } from "../bridge/values.ts";
import { member, objectsAt, textAt, withMember } from "./object.ts";

/** Ways in which an object of ours, or of kubectl, was changed before it was applied under its own manager. */
const FORMER = [
  { manager: "kubectl", operation: "Apply" },
  { manager: "kubectl", operation: "Update" },
  { manager: "before-first-apply", operation: "Update" },
  { manager: "pulumi-kubernetes", operation: "Update" },
  { manager: "pulumi-resource-kubernetes", operation: "Update" },
] as const;

/**
 * Operations of a JSON patch that give the fields of former managers to the one that applies from now on. Otherwise
 * they would go on owning them, and what is no longer declared would stay.
 *
 * @returns undefined if there is nothing to hand over
 */
export function handOver(live: Properties, fieldManager: string): Properties[] | undefined {
  const entries = objectsAt(live, "metadata", "managedFields");
  const former = entries.filter(isFormer);
  if (former.length === 0) return undefined;
  const own = entries.find((entry) => isOwn(entry, fieldManager));
  const [first, ...rest] = own === undefined ? former : [own, ...former];
  const merged: Properties = {
    ...first,
    manager: fieldManager,
    operation: "Apply",
    fieldsV1: rest.reduce((set, entry) => merge(set, fieldsOf(entry)), fieldsOf(first ?? {})),
  };
  const others = entries.filter((entry) => entry !== own && !former.includes(entry));
  return [
    { op: "replace", path: "/metadata/managedFields", value: [...others, merged] },
    // Not if somebody was quicker.
    {
      op: "replace",
      path: "/metadata/resourceVersion",
      value: textAt(live, "metadata", "resourceVersion"),
    },
  ];
}

/** Whether fields of the object are still with a former manager of ours, whom a preview may overrule. */
export function hasOwnFormer(live: Properties): boolean {
  return objectsAt(live, "metadata", "managedFields").some(
    (entry) => isFormer(entry) && textAt(entry, "manager").startsWith("pulumi"),
  );
}

/**
 * Inputs for an object of which some paths are not to change: such a field is left out if only others manage it, and
 * else sent as it is in the cluster.
 *
 * @param paths with dots; into lists they do not reach
 */
export function withoutIgnored(
  inputs: Properties,
  live: Properties,
  paths: readonly string[],
  fieldManager: string,
): Properties {
  const entries = objectsAt(live, "metadata", "managedFields");
  return paths.reduce((rest, text) => {
    const path = text.split(".");
    const holders = entries.filter((entry) => holds(entry, path));
    const isOwned = holders.some((entry) => textAt(entry, "manager") === fieldManager);
    if (holders.length > 0 && !isOwned) return withMember(rest, path, undefined);
    const value = member(live, ...path);
    return value === undefined ? rest : withMember(rest, path, value);
  }, inputs);
}

function isFormer(entry: Properties): boolean {
  return (
    entry.subresource === undefined &&
    FORMER.some(
      ({ manager, operation }) =>
        (entry.manager === manager || entry.manager === `${manager}.exe`) &&
        entry.operation === operation,
    )
  );
}

function isOwn(entry: Properties, fieldManager: string): boolean {
  return entry.manager === fieldManager && entry.operation === "Apply";
}

function holds(entry: Properties, path: readonly string[]): boolean {
  return member(fieldsOf(entry), ...path.map((name) => `f:${name}`)) !== undefined;
}

function fieldsOf(entry: Properties): Properties {
  return isObject(entry.fieldsV1) ? entry.fieldsV1 : {};
}

/** Sets of fields are trees of names, so their union is a deep merge. */
function merge(a: Properties, b: Properties): Properties {
  const union: Properties = { ...a };
  for (const [name, below] of Object.entries(b)) {
    const there: Value | undefined = union[name];
    union[name] = isObject(there) && isObject(below) ? merge(there, below) : below;
  }
  return deepEqual(union, a) ? a : union;
}
