import { isObject, UNKNOWN, type Properties, type Value } from "../bridge/values.ts";

/** The member at a path of nested objects, if every step of it exists. */
export function member(object: Properties, ...path: readonly string[]): Value | undefined {
  let value: Value | undefined = object;
  for (const name of path) {
    if (!isObject(value)) return undefined;
    value = value[name];
  }
  return value;
}

/** The text at a path; "" for everything else, as an object without a name has the name "". */
export function textAt(object: Properties, ...path: readonly string[]): string {
  const value = member(object, ...path);
  return typeof value === "string" ? value : "";
}

/** The number at a path; 0 for everything else: status counts are left out when zero. */
export function numberAt(object: Properties, ...path: readonly string[]): number {
  const value = member(object, ...path);
  return typeof value === "number" ? value : 0;
}

/** The objects of the list at a path. */
export function objectsAt(object: Properties, ...path: readonly string[]): Properties[] {
  const value = member(object, ...path);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A copy with one member of a nested object set, or gone; the same where something other than an object is in the way. */
export function withMember(
  object: Properties,
  path: readonly string[],
  value: Value | undefined,
): Properties {
  const [name, ...rest] = path;
  if (name === undefined) return object;
  const next = object[name];
  if (rest.length > 0) {
    if (!isObject(next) && (value === undefined || (next ?? null) !== null)) return object;
    return { ...object, [name]: withMember(isObject(next) ? next : {}, rest, value) };
  }
  if (value !== undefined) return { ...object, [name]: value };
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

export const nameOf = (object: Properties) => textAt(object, "metadata", "name");
export const namespaceOf = (object: Properties) => textAt(object, "metadata", "namespace");
export const generationOf = (object: Properties) => numberAt(object, "metadata", "generation");

/** Id of a resource: `namespace/name`, or the name alone for what is cluster-wide. */
export function idOf(object: Properties): string {
  const namespace = namespaceOf(object);
  return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function parseId(id: string): { readonly namespace: string; readonly name: string } {
  const [first = "", second] = id.split("/");
  return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

/** How messages name an object: the namespace is left out where it is the default one. */
export function displayName(object: Properties): string {
  const namespace = namespaceOf(object);
  return namespace === "" || namespace === "default" ? nameOf(object) : idOf(object);
}

/** Whether a controller made `object` for `owner`. */
export function isOwnedBy(object: Properties, owner: Properties | undefined): boolean {
  if (owner === undefined) return false;
  const uid = textAt(owner, "metadata", "uid");
  return objectsAt(object, "metadata", "ownerReferences").some((entry) => entry.uid === uid);
}

/** Whether this is an object as it was before a change: watches run behind answers to changes. */
export function isOlder(object: Properties, than: Properties): boolean {
  const [one, other] = [object, than].map((each) => textAt(each, "metadata", "uid"));
  if (one !== other) return false;
  const [mine, theirs] = [object, than].map((each) =>
    Number(textAt(each, "metadata", "resourceVersion")),
  );
  return (mine ?? NaN) < (theirs ?? NaN);
}

/** The entry of `status.conditions` of a type. */
export function conditionOf(object: Properties, type: string): Properties | undefined {
  return objectsAt(object, "status", "conditions").find((condition) => condition.type === type);
}

/** Whether a preview has still to learn a value somewhere in here. */
export function hasUnknown(value: Value): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isObject(value) && Object.values(value).some(hasUnknown);
}
