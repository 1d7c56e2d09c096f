import { toWire, type WireValue } from "./deployment-values.ts";
import type { Properties, ResourceRecord } from "./deployment.ts";
import type { Registration } from "./replay-monitor.ts";

/** What a value is now, by what it was: of an object that had to be made again, its id and whatever else came out new. */
export type Changes = ReadonlyMap<string, string>;

/** Shorter values could stand for something else that happens to look alike. */
const minimum = { whole: 4, part: 12 };

/** Values of a resource that came out otherwise than they lie in the deployment; empty where it was left alone. */
export function changesOf(record: ResourceRecord, { id, outputs }: Registration): Changes {
  const changes = new Map<string, string>();
  collect(toWire(record.outputs ?? {}), outputs, changes);
  if (record.id && record.id !== id) changes.set(record.id, id);
  return changes;
}

/**
 * Inputs that were made from outputs of other resources, with what those outputs are now. The program that would compute
 * them is not there; but which input depends on what is in the state, so the old value is looked for in just those.
 */
export function withChanges(
  record: ResourceRecord,
  inputs: Properties,
  changesByUrn: ReadonlyMap<string, Changes>,
): Properties {
  const renewed = Object.entries(inputs).map(([key, value]): [string, unknown] => {
    const sources = record.propertyDependencies?.[key] ?? [];
    return [key, replaceValues(value, merged(sources.map((urn) => changesByUrn.get(urn))))];
  });
  return Object.fromEntries(renewed);
}

/** All changes as one; a value that became two different ones is left as it is. */
export function merged(parts: readonly (Changes | undefined)[]): Changes {
  const all = new Map<string, string>();
  const ambiguous = new Set<string>();
  for (const [old, now] of parts.flatMap((part) => [...(part ?? [])])) {
    if ((all.get(old) ?? now) !== now) ambiguous.add(old);
    all.set(old, now);
  }
  return new Map([...all].filter(([old]) => !ambiguous.has(old)));
}

/** A value with every changed string in it replaced: whole ones, and long ones inside of others. */
export function replaceValues(value: WireValue, changes: Changes): WireValue {
  if (changes.size === 0) return value;
  if (typeof value === "string") return replaceString(value, changes);
  if (Array.isArray(value)) return value.map((inner) => replaceValues(inner, changes));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, replaceValues(inner, changes)]),
  );
}

function replaceString(value: string, changes: Changes): string {
  const whole = changes.get(value);
  if (whole !== undefined) return whole;
  const parts = [...changes].filter(([old]) => old.length >= minimum.part);
  return parts.reduce((text, [old, now]) => text.replaceAll(old, now), value);
}

function collect(old: unknown, now: unknown, changes: Map<string, string>): void {
  if (typeof old === "string") {
    if (typeof now === "string" && now !== old && old.length >= minimum.whole)
      changes.set(old, now);
    return;
  }
  if (typeof old !== "object" || old === null || typeof now !== "object" || now === null) return;
  for (const [key, inner] of Object.entries(old)) {
    collect(inner, (now as Properties)[key], changes);
  }
}
