import type { Field, Fields } from "./schema.ts";
import {
  deepEqual,
  DEFAULTS,
  isObject,
  isReserved,
  isZero,
  type Properties,
  type Value,
} from "./values.ts";

/** Inputs after a refresh: those given before, with the values that are real now. */
export function refreshInputs(
  fields: Fields,
  oldInputs: Properties,
  state: Properties,
): Properties {
  const result: Properties = {};
  const changed = new Set<string>();
  for (const [name, old] of Object.entries(oldInputs)) {
    if (isReserved(name) || !(name in state)) continue;
    const value = refreshed(fields[name], old, state[name] ?? null);
    if (!deepEqual(value, old)) changed.add(name);
    result[name] = value;
  }
  const defaults = oldInputs[DEFAULTS];
  if (Array.isArray(defaults)) {
    result[DEFAULTS] = defaults.filter(
      (name) => typeof name === "string" && name in result && !changed.has(name),
    );
  }
  return result;
}

function refreshed(field: Field | undefined, old: Value, now: Value): Value {
  if (Array.isArray(old) && Array.isArray(now)) {
    const order = field?.kind === "set" ? matchByContent(old, now) : now;
    const kept = old.slice(0, order.length).map((item, index) => {
      const value = order[index];
      if (value === undefined) return undefined;
      const element: Field | undefined =
        field?.element === undefined ? undefined : { kind: "map", element: field.element };
      return refreshed(element, item, value);
    });
    return kept.filter((item) => item !== undefined);
  }
  if (isObject(old) && isObject(now)) {
    if (field?.element !== undefined) return refreshInputs(field.element, old, now);
    const kept = Object.keys(old).filter((name) => name in now);
    return Object.fromEntries(kept.map((name) => [name, now[name] ?? null]));
  }
  return now;
}

/** The elements of a set in the order of the inputs that they came from. */
function matchByContent(old: readonly Value[], now: readonly Value[]): (Value | undefined)[] {
  const left = [...now];
  const take = (item: Value, fits: (a: Value, b: Value) => boolean): Value | undefined => {
    const index = left.findIndex((candidate) => fits(item, candidate));
    return index === -1 ? undefined : left.splice(index, 1)[0];
  };
  const exact = old.map((item) => take(item, contains));
  return exact.map((match, index) => match ?? take(old[index] ?? null, sharesMember));
}

function contains(input: Value, value: Value): boolean {
  if (!isObject(input) || !isObject(value)) return deepEqual(input, value);
  return Object.entries(input).every(
    ([name, member]) => isReserved(name) || isObject(member) || deepEqual(member, value[name]),
  );
}

function sharesMember(input: Value, value: Value): boolean {
  if (!isObject(input) || !isObject(value)) return false;
  return Object.entries(input).some(
    ([name, member]) => !isReserved(name) && deepEqual(member, value[name]),
  );
}

/** Inputs of an imported object: every settable property that differs from its default. */
export function importInputs(fields: Fields, state: Properties): Properties {
  const result: Properties = { [DEFAULTS]: [] };
  for (const [name, field] of Object.entries(fields)) {
    const value = state[name] ?? null;
    if (field.outputOnly === true || field.refused === true) continue;
    if (isZero(value) || value === field.default) continue;
    result[name] = field.element === undefined ? value : importNested(field.element, value);
  }
  return result;
}

function importNested(element: Fields, value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => importNested(element, item));
  return isObject(value) ? importInputs(element, value) : value;
}
