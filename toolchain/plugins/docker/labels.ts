import { str, type Fields } from "../bridge/schema.ts";
import { sortSet } from "../bridge/set-order.ts";
import { isObject, type Value } from "../bridge/values.ts";

/** Members of one label; the official plugin keeps labels as a set of pairs. */
export const labelFields: Fields = {
  label: str({ required: true, forceNew: true }),
  value: str({ required: true, forceNew: true }),
};

/** The engine's form of labels. */
export function labelMap(labels: Value | undefined): Record<string, string> {
  const pairs = Array.isArray(labels) ? labels : [];
  return Object.fromEntries(
    pairs.filter(isObject).map((pair) => [String(pair.label), String(pair.value)]),
  );
}

/** The state's form of labels. */
export function labelSet(labels: Record<string, string> | null | undefined): Value[] {
  const pairs = Object.entries(labels ?? {}).map(([label, value]) => ({ label, value }));
  return sortSet(pairs, labelFields);
}
