/** A property value as it travels between the engine and a plugin: JSON with two sentinels. */
export type Value = string | number | boolean | null | Value[] | Properties;

/** Named property values: the inputs, outputs or state of one resource, or a nested object. */
export interface Properties {
  [name: string]: Value;
}

/** Stands for "not known before the update runs"; fixed by the engine's wire format. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Key and value that mark an object as something other than a plain map; fixed by the wire format. */
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

/** Name of the list of inputs that the plugin, not the user, gave a value. */
export const DEFAULTS = "__defaults";
/** Name of the schema version and timeouts in state. */
export const META = "__meta";
/** Name of the instructions for turning the state back into the official plugin's own format. */
export const RAW_STATE_DELTA = "__pulumi_raw_state_delta";

/** True for the names above: bookkeeping that no user ever wrote. */
export function isReserved(name: string): boolean {
  return name === DEFAULTS || name === META || name === RAW_STATE_DELTA;
}

export function isObject(value: Value | undefined): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Wraps a value so that the engine encrypts it at rest and masks it in every output. */
export function secret(value: Value): Properties {
  return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** Whether a value is such a wrapper. */
export function isSecret(value: Value | undefined): boolean {
  return isObject(value) && value[SIGNATURE_KEY] === SECRET_SIGNATURE;
}

/** The value without any secret wrapper, at every depth. */
export function withoutSecrets(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  if (isSecret(value)) return withoutSecrets(value.value ?? null);
  return mapProperties(value, withoutSecrets);
}

/** The value without null members of objects; null elements of lists stay. */
export function withoutNulls(value: Properties): Properties {
  const kept: Properties = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== null) kept[name] = dropNested(member);
  }
  return kept;
}

function dropNested(value: Value): Value {
  if (Array.isArray(value)) return value.map(dropNested);
  return isObject(value) ? withoutNulls(value) : value;
}

export function mapProperties(
  value: Properties,
  change: (member: Value, name: string) => Value,
): Properties {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, change(member, name)]),
  );
}

/** Deep equality, blind to the order of an object's members. */
export function deepEqual(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => deepEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => name in b && deepEqual(a[name], b[name]))
  );
}

/** Null, false, 0, "", [] and {}: what a property that was never set looks like when read back. */
export function isZero(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) {
    return true;
  }
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).every(isReserved);
}
