import { isObject, type Properties, type Value } from "../bridge/values.ts";
import { FIELD_TABLE } from "./field-table.ts";
import type { Kind } from "./kinds.ts";
import { hasUnknown, withMember } from "./object.ts";
import { canonicalQuantity } from "./quantity.ts";
import { normaliseSecret } from "./secret-data.ts";

/** Written by the API server alone. */
const READ_ONLY = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "uid",
];

/**
 * Inputs as the API server would give them back, so that two ways to write the same are no difference: members that
 * the kind does not have and zeros that it leaves out are dropped, quantities get their canonical form.
 */
export function normalise(kind: Kind, object: Properties): Properties {
  const typed = kind.type !== undefined && !hasUnknown(object) ? convert(kind, object) : object;
  return READ_ONLY.reduce((rest, name) => withMember(rest, ["metadata", name], undefined), typed);
}

function convert(kind: Kind, object: Properties): Properties {
  if (kind.kind === "Secret") return normaliseSecret(object);
  try {
    return convertStruct(kind.type ?? "", object);
  } catch (error) {
    if (!(error instanceof WrongType)) throw error;
    // The API server will refuse it, and say more than could be said here.
    return object;
  }
}

/** A value that its field cannot hold. */
class WrongType extends Error {}

interface Field {
  /** Left out when it has its type's zero value. */
  readonly omitsZero: boolean;
  readonly code: string;
}

const parsed = new Map<string, ReadonlyMap<string, Field>>();

/** The line of the field table, taken apart when it is first needed. */
function fieldsOf(type: string): ReadonlyMap<string, Field> {
  let fields = parsed.get(type);
  if (fields === undefined) {
    fields = new Map(
      (FIELD_TABLE[type] ?? "").split(" ").map((entry) => {
        const [name = "", coded = ""] = entry.split(/:(.*)/);
        const code = coded.replace(/^[*!]/, "");
        return [name, { omitsZero: code === coded, code }];
      }),
    );
    parsed.set(type, fields);
  }
  return fields;
}

function convertStruct(type: string, value: Value): Properties {
  if (!isObject(value)) throw new WrongType();
  const fields = fieldsOf(type);
  const kept: Properties = {};
  for (const [name, given] of Object.entries(value)) {
    const field = fields.get(name);
    if (field === undefined) continue;
    const isStruct = field.code.startsWith("@");
    if (given === null && field.omitsZero && !isStruct) continue;
    const converted = given === null ? zeroOf(field.code) : convertValue(field.code, given);
    if (field.omitsZero && !isStruct && isZero(converted)) continue;
    kept[name] = converted;
  }
  return kept;
}

function convertValue(code: string, value: Value): Value {
  if (code.startsWith("@")) return convertStruct(code.slice(1), value);
  if (code.startsWith("[]")) {
    if (!Array.isArray(value)) throw new WrongType();
    return value.map((item) => (item === null ? null : convertValue(code.slice(2), item)));
  }
  if (code.startsWith("{}")) {
    if (!isObject(value)) throw new WrongType();
    const element = code.slice(2);
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        item === null ? zeroOf(element) : convertValue(element, item),
      ]),
    );
  }
  return convertScalar(code, value);
}

function convertScalar(code: string, value: Value): Value {
  if (code === "a") return value;
  if (code === "q" && (typeof value === "string" || typeof value === "number")) {
    const canonical = canonicalQuantity(String(value));
    if (canonical !== undefined) return canonical;
  }
  if (code === "i" && typeof value === "number") return Math.trunc(value);
  if (code === "x" && (typeof value === "string" || Number.isInteger(value))) return value;
  if ((code === "s" || code === "y") && typeof value === "string") return value;
  if (code === "b" && typeof value === "boolean") return value;
  throw new WrongType();
}

function zeroOf(code: string): Value {
  if (code.startsWith("@")) return {};
  return { s: "", b: false, i: 0, x: 0, q: "0" }[code] ?? null;
}

function isZero(value: Value): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isObject(value)) return Object.keys(value).length === 0;
  return value === null || value === "" || value === 0 || value === false;
}
