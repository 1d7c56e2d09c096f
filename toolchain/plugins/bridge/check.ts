import { autoname, type Autonaming } from "./autoname.ts";
import type { Field, Fields } from "./schema.ts";
import {
  DEFAULTS,
  isObject,
  isReserved,
  isZero,
  UNKNOWN,
  withoutNulls,
  type Properties,
  type Value,
} from "./values.ts";

/** One thing that is wrong with the inputs. */
export interface CheckFailure {
  /** Path of the input, as in `volumes[0].fromContainer`. */
  readonly property: string;
  readonly reason: string;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: CheckFailure[];
}

/** What Check needs to know about a resource type. */
export interface Checkable {
  readonly token: string;
  readonly fields: Fields;
  /** Whether `name` is generated where the user gives none. */
  readonly autonamed: boolean;
  /** Rules across several inputs. */
  readonly rules?: (inputs: Properties) => CheckFailure[];
}

/** Who asks: the resource's name and the sources of randomness for a generated one. */
export interface CheckContext {
  readonly name: string;
  readonly randomSeed: Uint8Array;
  readonly autonaming?: Autonaming | undefined;
}

/**
 * Validates inputs and fills in defaults, listing the latter under `__defaults`.
 *
 * An input that the stand-in does not act on is a failure that names it: ignoring it would deploy
 * something other than what was declared.
 */
export function check(
  type: Checkable,
  olds: Properties,
  news: Properties,
  context: CheckContext,
): Checked {
  const failures: CheckFailure[] = [];
  const given = withoutNulls(news);
  if (type.autonamed && given.name === undefined && !keptName(olds)) {
    const proposal = autoname(context);
    if ("failure" in proposal) failures.push({ property: "name", reason: proposal.failure });
    else olds = { ...olds, name: proposal.name, [DEFAULTS]: ["name"] };
  }
  checkObject(type, type.fields, given, "", failures);
  if (failures.length === 0) failures.push(...(type.rules?.(given) ?? []));
  return { inputs: applyDefaults(type.fields, olds, given, type.autonamed), failures };
}

/** True if the name in the old inputs was generated, so that it stays. */
function keptName(olds: Properties): boolean {
  if (typeof olds.name !== "string") return false;
  const defaults = olds[DEFAULTS];
  return !Array.isArray(defaults) || defaults.includes("name");
}

function checkObject(
  type: Checkable,
  fields: Fields,
  given: Properties,
  prefix: string,
  failures: CheckFailure[],
): void {
  for (const [name, value] of Object.entries(given)) {
    if (isReserved(name)) continue;
    const property = prefix + name;
    const field = fields[name];
    if (field === undefined || field.outputOnly === true) {
      failures.push({ property, reason: notAnInput(type, fields, property, field) });
    } else if (field.refused === true && !isZero(value)) {
      failures.push({ property, reason: refusal(type, fields, property) });
    } else {
      checkValue(type, field, value, property, failures);
    }
  }
  for (const [name, field] of Object.entries(fields)) {
    const generated = prefix === "" && name === "name" && type.autonamed;
    if (field.required === true && given[name] === undefined && !generated) {
      failures.push({
        property: prefix + name,
        reason: `missing required property '${prefix + name}'`,
      });
    }
  }
}

function notAnInput(
  type: Checkable,
  fields: Fields,
  property: string,
  field: Field | undefined,
): string {
  const what = field === undefined ? "is no property" : "is set by the engine, not an input";
  return `'${property}' ${what} of ${type.token}; inputs are ${inputNames(fields)}`;
}

function refusal(type: Checkable, fields: Fields, property: string): string {
  return (
    `'${property}' of ${type.token} is not supported by this stand-in for the official plugin ` +
    `(supported: ${inputNames(fields)}); leave it out or install the official plugin`
  );
}

function inputNames(fields: Fields): string {
  return Object.keys(fields)
    .filter((name) => fields[name]?.refused !== true && fields[name]?.outputOnly !== true)
    .sort()
    .join(", ");
}

function checkValue(
  type: Checkable,
  field: Field,
  value: Value,
  property: string,
  failures: CheckFailure[],
): void {
  if (value === UNKNOWN) return;
  const problem = wrongShape(field, value) ?? field.validate?.(value);
  if (problem !== undefined) {
    failures.push({ property, reason: `'${property}': ${problem}` });
    return;
  }
  if (field.element === undefined) return;
  if (isObject(value)) checkObject(type, field.element, value, `${property}.`, failures);
  if (!Array.isArray(value)) return;
  for (const [index, item] of value.entries()) {
    if (isObject(item)) {
      checkObject(type, field.element, item, `${property}[${index}].`, failures);
    } else if (item !== UNKNOWN) {
      failures.push({ property, reason: `'${property}[${index}]': expected an object` });
    }
  }
}

function wrongShape(field: Field, value: Value): string | undefined {
  const expected = field.single === true ? "map" : field.kind;
  const actual = Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
  const fits = {
    string: typeof value === "string",
    int: typeof value === "number" && Number.isInteger(value),
    bool: typeof value === "boolean",
    list: Array.isArray(value),
    set: Array.isArray(value),
    map: isObject(value),
  }[expected];
  if (!fits)
    return `expected ${EXPECTED[expected]}, got ${actual === "object" ? "an object" : actual}`;
  if (field.element !== undefined) return undefined;
  const members = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return members.every((member) => typeof member === "string")
    ? undefined
    : "expected only strings";
}

const EXPECTED = {
  string: "a string",
  int: "an integer",
  bool: "a boolean",
  list: "a list",
  set: "a list",
  map: "an object",
};

/** Inputs with the defaults that are not zero; the official plugin leaves those out. */
function applyDefaults(
  fields: Fields,
  olds: Properties,
  given: Properties,
  autonamed: boolean,
): Properties {
  const result: Properties = {};
  const defaults: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = fields[name];
    result[name] = field?.element === undefined ? value : nestedDefaults(field.element, value);
  }
  for (const [name, field] of Object.entries(fields)) {
    if (given[name] !== undefined) continue;
    const value = name === "name" && autonamed ? olds.name : field.default;
    if (isZero(value) || value === undefined) continue;
    result[name] = value;
    defaults.push(name);
  }
  result[DEFAULTS] = defaults.sort();
  return result;
}

function nestedDefaults(element: Fields, value: Value): Value {
  if (Array.isArray(value)) return value.map((item) => nestedDefaults(element, item));
  return isObject(value) ? applyDefaults(element, {}, value, false) : value;
}
