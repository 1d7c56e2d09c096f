import { emptyValue, type Field, type Fields } from "./schema.ts";
import { sortSet } from "./set-order.ts";
import { isObject, isReserved, UNKNOWN, type Properties, type Value } from "./values.ts";

/** An input in the shape the state has: every nested member present, sets sorted. */
export function normalise(field: Field, value: Value): Value {
  if (value === UNKNOWN || value === null) return value;
  if (field.single === true) return isObject(value) ? normaliseObject(field, value) : value;
  if (!Array.isArray(value)) return value;
  const elements = value.map((element) =>
    isObject(element) ? normaliseObject(field, element) : element,
  );
  return field.kind === "set" ? sortSet(elements, field.element) : elements;
}

function normaliseObject(field: Field, value: Properties): Properties {
  const fields = field.element ?? {};
  const result: Properties = {};
  for (const [name, member] of Object.entries(fields)) {
    const given = value[name];
    result[name] =
      given === undefined || given === null ? nestedEmpty(member) : normalise(member, given);
  }
  for (const [name, member] of Object.entries(value)) {
    if (!(name in fields) && !isReserved(name)) result[name] = member;
  }
  return result;
}

/** A nested member that was not given: text becomes "", numbers, flags and maps stay null. */
function nestedEmpty(field: Field): Value {
  if (field.default !== undefined) return field.default;
  if (field.kind === "string") return "";
  return field.kind === "list" || field.kind === "set" ? [] : emptyValue(field);
}

/**
 * The same value once it went through the official plugin's state a second time: nested members
 * that were null become the zero of their kind. Members of the resource itself are not touched.
 */
export function fillNestedZeros(fields: Fields, state: Properties): Properties {
  const result: Properties = { ...state };
  for (const [name, field] of Object.entries(fields)) {
    const value = state[name];
    if (field.element === undefined || value === undefined) continue;
    result[name] = fillZeros(field.element, value);
  }
  return result;
}

function fillZeros(element: Fields, value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => fillZeros(element, item));
  if (!isObject(value)) return value;
  const result: Properties = { ...value };
  for (const [name, field] of Object.entries(element)) {
    const member = value[name];
    result[name] =
      member === null || member === undefined
        ? zero(field)
        : field.element === undefined
          ? member
          : fillZeros(field.element, member);
  }
  return result;
}

function zero(field: Field): Value {
  switch (field.kind) {
    case "string":
      return "";
    case "int":
      return 0;
    case "bool":
      return false;
    case "map":
      return {};
    case "list":
    case "set":
      return field.single === true ? null : [];
  }
}
