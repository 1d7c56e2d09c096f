import { isDeepStrictEqual } from "node:util";
import type { Properties } from "./deployment.ts";

/** Key that marks an object as more than plain data, in the state as well as on the wire. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
/** The value under that key that marks a secret. */
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
/**
 * Bookkeeping of bridged plugins: which inputs they chose themselves. They make it anew at each check, and keep what they
 * chose before where a program goes on saying nothing.
 */
const defaultsKey = "__defaults";

/** Bookkeeping of bridged plugins: how the properties differ in form from those of the plugin inside. */
const rawStateKey = "__pulumi_raw_state_delta";

/** A property as the engine's protocol carries it: secrets are wrapped, their content lies open inside. */
export type WireValue = unknown;

/**
 * Property values of an exported deployment in the form in which a program sends them. Assets, archives and resource
 * references have the same form on both sides.
 *
 * @throws if the export was made without `--show-secrets`
 */
export function toWire(value: unknown): WireValue {
  if (Array.isArray(value)) return value.map(toWire);
  if (!isRecord(value)) return value;
  if (value[signatureKey] === secretSignature) {
    return { [signatureKey]: secretSignature, value: toWire(openSecret(value)) };
  }
  return mapValues(value, toWire);
}

/** A text as a secret of an open deployment: it is encrypted on its way into the state. */
export function asSecret(plain: string): unknown {
  return { [signatureKey]: secretSignature, plaintext: JSON.stringify(plain) };
}

function openSecret(envelope: Properties): unknown {
  const { plaintext } = envelope;
  if (typeof plaintext !== "string") {
    throw new Error(
      "deployment: a secret is encrypted; got an export without --show-secrets, a rollback needs one with it",
    );
  }
  return JSON.parse(plaintext) as unknown;
}

/** Without what bridged plugins note for themselves about defaults, at every depth. */
export function withoutDefaults<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutDefaults) as Value;
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([key]) => key !== defaultsKey);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutDefaults(inner)])) as Value;
}

/** Without what bridged plugins chose themselves, and their notes on it, at every depth: what a program had said. */
export function withoutChosen<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutChosen) as Value;
  if (!isRecord(value)) return value;
  const noted = value[defaultsKey];
  const chosen = new Set<unknown>(Array.isArray(noted) ? noted : []);
  const said = Object.entries(value).filter(([key]) => key !== defaultsKey && !chosen.has(key));
  return Object.fromEntries(said.map(([key, inner]) => [key, withoutChosen(inner)])) as Value;
}

/**
 * The same value with the notes on defaults of another one. A replay states every input, so a plugin takes none of them
 * for its own choice any more; without the notes, the next update would choose anew, a generated name for one.
 */
export function withDefaultsOf<Value>(value: Value, noted: unknown): Value {
  if (Array.isArray(value) && Array.isArray(noted)) {
    return value.map((inner, index) => withDefaultsOf<unknown>(inner, noted[index])) as Value;
  }
  if (!isRecord(value) || !isRecord(noted) || isEnvelope(value)) return value;
  const inner = Object.entries(value).map(([key, own]) => [key, withDefaultsOf(own, noted[key])]);
  return {
    ...Object.fromEntries(inner),
    ...(noted[defaultsKey] !== undefined && { [defaultsKey]: noted[defaultsKey] }),
  } as Value;
}

function isEnvelope(value: Properties): boolean {
  return value[signatureKey] !== undefined;
}

/** Whether two sets of properties say the same, secrets and all. Encrypted secrets equal only themselves. */
export function sameProperties(
  left: Properties | undefined,
  right: Properties | undefined,
): boolean {
  return isDeepStrictEqual(comparable(left ?? {}), comparable(right ?? {}));
}

/**
 * Whether two sets of properties say the same of an object, where nothing and empty (null, "", 0, false, no entries) are
 * one: a plugin that reads an object back says "empty" of much of which it said nothing when it had made it. Nor does the
 * order of a list of things: the docker plugin reads the networks of a container back in a random one.
 */
export function sameFacts(left: Properties | undefined, right: Properties | undefined): boolean {
  return isDeepStrictEqual(facts(comparable(left ?? {})), facts(comparable(right ?? {})));
}

/** Without what is empty, without bookkeeping, and with things in one order. */
function facts(value: unknown): unknown {
  if (Array.isArray(value)) {
    const entries = value.map(facts);
    if (value.length === 0) return undefined;
    return value.every(isRecord) ? inOneOrder(entries) : entries;
  }
  if (!isRecord(value)) return value || undefined;
  const kept = Object.entries(value)
    .filter(([key]) => key !== rawStateKey)
    .map(([key, inner]) => [key, facts(inner)] as const)
    .filter(([, inner]) => inner !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function inOneOrder(things: readonly unknown[]): readonly unknown[] {
  return things
    .map((thing) => [JSON.stringify(thing) ?? "", thing] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, thing]) => thing);
}

/** Secrets as their content, so that neither key order nor white space inside one matters. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (!isRecord(value)) return value;
  if (value[signatureKey] === secretSignature && typeof value["plaintext"] === "string") {
    return { [signatureKey]: secretSignature, value: comparable(openSecret(value)) };
  }
  return mapValues(value, comparable);
}

function mapValues(record: Properties, map: (value: unknown) => unknown): Properties {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

function isRecord(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
