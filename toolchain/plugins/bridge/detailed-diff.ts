import { listEdits } from "./list-edits.ts";
import type { Field, Fields } from "./schema.ts";
import { identity } from "./set-order.ts";
import { deepEqual, isObject, isReserved, UNKNOWN, type Properties, type Value } from "./values.ts";

export type Change = "ADD" | "DELETE" | "UPDATE";
type DiffKind = Change | `${Change}_REPLACE`;
/** What changed, by property path: `envs[0]`, `logOpts["max-size"]`, `healthcheck.interval`. */
export type DetailedDiff = Record<string, DiffKind>;

/** Where the comparison stands: the path so far and the fields that decide about replacement. */
interface Place {
  readonly path: string;
  readonly field: Field | undefined;
  /** The collection that holds this place, if it is an element or a key of one. */
  readonly parent: Field | undefined;
}

/**
 * Compares old state with planned state as the official plugins do.
 *
 * Empty lists count as absent, empty maps do not. Set elements are compared one by one only where
 * each planned element can be traced back to an input; otherwise the whole set is reported.
 */
export function detailedDiff(
  fields: Fields,
  prior: Properties,
  planned: Properties,
  inputs: Properties,
): DetailedDiff {
  const diff: DetailedDiff = {};
  for (const [name, field] of Object.entries(fields)) {
    const place = { path: name, field, parent: undefined };
    compare(diff, place, prior[name], planned[name], inputs[name]);
  }
  return diff;
}

function compare(
  diff: DetailedDiff,
  place: Place,
  oldValue: Value | undefined,
  newValue: Value | undefined,
  input: Value | undefined,
): void {
  const old = present(oldValue);
  const next = present(newValue);
  if (old === undefined && next === undefined) return;
  if (old === undefined || next === undefined || next === UNKNOWN) {
    const change: Change = old === undefined ? "ADD" : next === undefined ? "DELETE" : "UPDATE";
    const replaces =
      next === UNKNOWN
        ? replacesHere(place)
        : valueReplaces(place, next) || valueReplaces(place, old);
    diff[place.path] = replaces ? `${change}_REPLACE` : change;
    return;
  }
  const { field } = place;
  if (Array.isArray(old) && Array.isArray(next) && field !== undefined) {
    if (field.kind === "set") compareSet(diff, place, field, old, next, input);
    else compareList(diff, place, field, old, next, input);
  } else if (isObject(old) && isObject(next)) {
    compareObject(diff, place, old, next, input);
  } else if (!deepEqual(old, next)) {
    diff[place.path] = replacesHere(place) ? "UPDATE_REPLACE" : "UPDATE";
  }
}

function present(value: Value | undefined): Value | undefined {
  if (value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  return value;
}

function replacesHere(place: Place): boolean {
  return place.field?.forceNew === true || place.parent?.forceNew === true;
}

/** True if the place, or any known member below it, cannot change in place. */
function valueReplaces(place: Place, value: Value | undefined): boolean {
  if (value === undefined) return false;
  if (replacesHere(place)) return true;
  const element = place.field?.element;
  const members = Array.isArray(value) ? value : [value];
  if (element === undefined) return false;
  return members.some(
    (member) =>
      isObject(member) &&
      Object.entries(member).some(([name, inner]) =>
        valueReplaces({ path: "", field: element[name], parent: undefined }, inner),
      ),
  );
}

function compareObject(
  diff: DetailedDiff,
  place: Place,
  old: Properties,
  next: Properties,
  input: Value | undefined,
): void {
  const element = place.field?.element;
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (isReserved(name)) continue;
    const inner: Place =
      element === undefined
        ? { path: place.path + keyPath(name), field: undefined, parent: place.field }
        : { path: place.path + keyPath(name), field: element[name], parent: undefined };
    const innerInput = isObject(input) ? input[name] : undefined;
    compare(diff, inner, old[name], next[name], innerInput);
  }
}

function keyPath(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `["${name.replaceAll('"', '\\"')}"]`;
}

function compareList(
  diff: DetailedDiff,
  place: Place,
  field: Field,
  old: Value[],
  next: Value[],
  input: Value | undefined,
): void {
  if (field.element === undefined) {
    for (const [index, change] of listEdits(old, next)) {
      diff[`${place.path}[${index}]`] = field.forceNew === true ? `${change}_REPLACE` : change;
    }
    return;
  }
  for (let index = 0; index < Math.max(old.length, next.length); index++) {
    const innerInput = Array.isArray(input) ? input[index] : undefined;
    compare(diff, elementPlace(place, field, index), old[index], next[index], innerInput);
  }
}

function elementPlace(place: Place, field: Field, index: number): Place {
  const inner: Field | undefined =
    field.element === undefined ? undefined : { kind: "map", element: field.element };
  return { path: `${place.path}[${index}]`, field: inner, parent: field };
}

function compareSet(
  diff: DetailedDiff,
  place: Place,
  field: Field,
  old: Value[],
  next: Value[],
  input: Value | undefined,
): void {
  const oldIds = old.map(identity);
  const nextIds = next.map(identity);
  const removed = old.map((_, i) => i).filter((i) => !nextIds.includes(oldIds[i] ?? ""));
  const added = next.map((_, i) => i).filter((i) => !oldIds.includes(nextIds[i] ?? ""));
  if (removed.length === 0 && added.length === 0) return;

  const traced = traceToInputs(field, added, next, input);
  if (traced === undefined) {
    diff[place.path] = field.forceNew === true ? "UPDATE_REPLACE" : "UPDATE";
    return;
  }
  for (const index of new Set([...removed, ...traced.keys()])) {
    const plannedIndex = traced.get(index);
    compare(
      diff,
      elementPlace(place, field, index),
      removed.includes(index) ? old[index] : undefined,
      plannedIndex === undefined ? undefined : next[plannedIndex],
      undefined,
    );
  }
}

/** Index of the input -> index of the planned element made from it; undefined if one has none. */
function traceToInputs(
  field: Field,
  added: readonly number[],
  planned: readonly Value[],
  input: Value | undefined,
): Map<number, number> | undefined {
  const inputs = Array.isArray(input) ? input : [];
  if (inputs.length < planned.length) return undefined;
  const traced = new Map<number, number>();
  for (const index of added) {
    const match = inputs.findIndex(
      (candidate, i) => !traced.has(i) && madeFrom(field.element, candidate, planned[index]),
    );
    if (match === -1) return undefined;
    traced.set(match, index);
  }
  return traced;
}

/** True if the planned element has exactly what the input has; "" for a missing text does not do. */
function madeFrom(
  element: Fields | undefined,
  input: Value | undefined,
  planned: Value | undefined,
): boolean {
  if (element === undefined || !isObject(input) || !isObject(planned)) {
    return deepEqual(input, planned);
  }
  return Object.entries(element).every(([name, field]) => {
    const given = input[name] ?? null;
    const value = planned[name] ?? null;
    if (given === null && field.computed === true) return true;
    if (given === null && Array.isArray(value)) return value.length === 0;
    return deepEqual(given, value);
  });
}
