import { isObject, type Properties, type Value } from "../bridge/values.ts";

/**
 * The part of an object that has the shape of another: what the program declared, with the values that the cluster
 * has. Defaults that the API server added are no part of it.
 */
export function prune(source: Properties, shape: Properties): Properties {
  const kept: Properties = {};
  for (const [name, value] of Object.entries(source)) {
    const wanted = shape[name];
    if (wanted !== undefined) kept[name] = pruneValue(value, wanted);
  }
  return kept;
}

function pruneValue(value: Value, shape: Value): Value {
  if (Array.isArray(value) && Array.isArray(shape)) return pruneList(value, shape);
  return isObject(value) && isObject(shape) ? prune(value, shape) : value;
}

/** As many elements as were declared: lists of the cluster may have grown at their end. */
function pruneList(list: Value[], shape: Value[]): Value[] {
  const [first] = list;
  const [wanted] = shape;
  if (first === undefined || wanted === undefined) return [];
  if (typeOf(first) !== typeOf(wanted)) return list;
  return list.slice(0, shape.length).map((item, index) => pruneValue(item, shape[index] ?? null));
}

function typeOf(value: Value): string {
  return Array.isArray(value) ? "list" : typeof value;
}
