import { isBlock, snakeCase, type Field, type Fields } from "./schema.ts";
import { isObject, type Properties, type Value } from "./values.ts";

/**
 * Instructions by which the official plugin turns our state back into its own: which members are
 * lists or maps there, which single objects are lists of one, and which names differ. Writing them
 * lets a stack move between the stand-in and the official plugin.
 *
 * @param fresh whether the state comes from Create, where optional computed blocks may still be null
 */
export function rawStateDelta(fields: Fields, state: Properties, fresh: boolean): Properties {
  return { obj: objectDelta(fields, state, fresh) };
}

function objectDelta(fields: Fields, state: Properties, fresh: boolean): Properties {
  const members: Properties = {};
  const renamed: Properties = {};
  for (const [name, field] of Object.entries(fields)) {
    if (field.raw !== undefined && field.raw !== snakeCase(name)) renamed[name] = field.raw;
    const delta = memberDelta(field, state[name] ?? null, fresh);
    if (delta !== undefined) members[name] = delta;
  }
  return {
    ...(Object.keys(members).length > 0 && { ps: members }),
    ...(Object.keys(renamed).length > 0 && { renamed }),
  };
}

function memberDelta(field: Field, value: Value, fresh: boolean): Properties | undefined {
  if (field.single === true) {
    if (isObject(value))
      return { plu: { i: { obj: objectDelta(field.element ?? {}, value, fresh) } } };
    return isBlock(field) || !fresh ? { plu: { i: {} } } : undefined;
  }
  if (value === null) return undefined;
  if (field.kind === "map") return { map: {} };
  if (!Array.isArray(value)) return undefined;
  const { element } = field;
  if (element === undefined || value.length === 0) return { arr: {} };
  const elements: Properties = {};
  for (const [index, item] of value.entries()) {
    if (isObject(item)) elements[String(index)] = { obj: objectDelta(element, item, fresh) };
  }
  return { arr: { el: elements } };
}
