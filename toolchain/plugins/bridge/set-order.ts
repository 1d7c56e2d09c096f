import type { Fields } from "./schema.ts";
import { isObject, type Value } from "./values.ts";

/**
 * The order in which the official plugin reports the elements of a set: by the bytes of a text
 * made of all members, sorted by their names in its own state. Null sorts as `~`.
 */
export function sortSet(elements: readonly Value[], fields: Fields | undefined): Value[] {
  const keyed = elements.map((element) => ({ element, key: sortKey(element, fields) }));
  keyed.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  return keyed
    .filter((entry, index) => index === 0 || entry.key !== keyed[index - 1]?.key)
    .map((entry) => entry.element);
}

function sortKey(value: Value | undefined, fields: Fields | undefined): string {
  if (value === undefined || value === null) return "~";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "T" : "F";
  if (Array.isArray(value)) return `[${value.map((v) => `${sortKey(v, fields)};`).join("")}]`;
  if (fields === undefined) {
    const names = Object.keys(value).sort();
    return `{${names.map((n) => `${sortKey(n, undefined)}:${sortKey(value[n], undefined)};`).join("")}}`;
  }
  const names = Object.keys(fields).sort();
  return `<${names.map((n) => `${sortKey(value[n], fields[n]?.element)};`).join("")}>`;
}

/** Identity of a set element: members that were never set and members set to zero count as equal. */
export function identity(value: Value | undefined): string {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) {
    return "";
  }
  if (Array.isArray(value)) return value.length === 0 ? "" : `[${value.map(identity).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .filter((name) => !name.startsWith("__") && identity(value[name]) !== "")
    .sort();
  if (members.length === 0) return "";
  return `{${members.map((name) => `${name}:${identity(value[name])}`).join(",")}}`;
}
