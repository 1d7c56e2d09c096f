import { fillNestedZeros, normalise } from "./normalise.ts";
import { emptyValue, type Field, type Fields } from "./schema.ts";
import { identity } from "./set-order.ts";
import { isObject, isZero, UNKNOWN, type Properties, type Value } from "./values.ts";

/** State that creating an object with these inputs would lead to; computed members are unknown. */
export function planCreate(fields: Fields, inputs: Properties): Properties {
  const planned: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = inputs[name];
    if (given !== undefined && given !== null) planned[name] = normalise(field, given);
    else if (field.computed === true) planned[name] = UNKNOWN;
    else planned[name] = field.default ?? emptyValue(field);
  }
  return planned;
}

/** State that applying these inputs to an existing object would lead to. */
export function planUpdate(fields: Fields, prior: Properties, inputs: Properties): Properties {
  const changed: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    const old = prior[name] ?? null;
    const next = nextValue(field, old, inputs[name]);
    if (!sameValue(field, old, next)) changed[name] = next;
  }
  if (Object.keys(changed).length === 0) return prior;
  return { ...fillNestedZeros(fields, prior), ...changed };
}

function nextValue(field: Field, old: Value, given: Value | undefined): Value {
  if (given !== undefined && given !== null) {
    const next = normalise(field, given);
    return isObject(next) || Array.isArray(next) ? keepComputed(field, old, next) : next;
  }
  if (field.computed === true) return old;
  if (field.default !== undefined) return field.default;
  return isZero(old) ? old : emptyValue(field);
}

/** Nested members that the plugin fills in keep their old value where the inputs say nothing. */
function keepComputed(field: Field, old: Value, next: Value): Value {
  const element = field.element;
  if (element === undefined || field.kind !== "list") return next;
  const merge = (oldItem: Value | undefined, item: Value): Value => {
    if (!isObject(item)) return item;
    const merged: Properties = { ...item };
    for (const [name, member] of Object.entries(element)) {
      if (member.computed === true && isZero(item[name]) && isObject(oldItem)) {
        merged[name] = oldItem[name] ?? null;
      }
    }
    return merged;
  };
  if (!Array.isArray(next)) return merge(old, next);
  return next.map((item, index) => merge(Array.isArray(old) ? old[index] : undefined, item));
}

function sameValue(field: Field, old: Value, next: Value): boolean {
  if (next === UNKNOWN) return old === UNKNOWN;
  if (field.suppress?.(old, next) === true) return true;
  if (field.kind === "bool" || field.kind === "int") {
    return old === next || (old === null && next === null);
  }
  if (isZero(old) && isZero(next)) return true;
  if (field.kind === "set" && Array.isArray(old) && Array.isArray(next)) {
    const oldIds = old.map(identity).sort();
    const nextIds = next.map(identity).sort();
    return oldIds.length === nextIds.length && oldIds.every((id, index) => id === nextIds[index]);
  }
  return identity(old) === identity(next);
}
