import { str, type Fields } from "../bridge/schema.ts";
import { sortSet } from "../bridge/set-order.ts";
import type { Value } from "../bridge/values.ts";
import { objects, text } from "./state.ts";

/** Members of one label; the official plugin keeps labels as a set of pairs. */
export const labelFields: Fields = {
  label: str({ required: true, forceNew: true }),
  value: str({ required: true, forceNew: true }),
};

/** The engine's form of labels. */
export function labelMap(labels: Value | undefined): Record<string, string> {
  return Object.fromEntries(objects(labels).map((pair) => [text(pair.label), text(pair.value)]));
}

/** The state's form of labels. */
export function labelSet(labels: Record<string, string> | null | undefined): Value[] {
  const pairs = Object.entries(labels ?? {}).map(([label, value]) => ({ label, value }));
  return sortSet(pairs, labelFields);
}
