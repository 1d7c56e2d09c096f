import { randomBytes } from "node:crypto";
import type { Autonaming } from "../bridge/autoname.ts";
import { seededDigits } from "../bridge/seeded-digits.ts";
import { isObject, type Properties } from "../bridge/values.ts";
import { AUTONAMED, isAnnotated, markAutonamed } from "./annotations.ts";
import { nameOf, withMember } from "./object.ts";

/** Hex digits after the dash of a generated name; the official plugin's number. */
const SUFFIX_DIGITS = 8;

/** Inputs under the generated name that the object already has, if the program gives none. */
export function adoptName(inputs: Properties, oldInputs: Properties): Properties {
  if (nameOf(inputs) !== "" || !isAnnotated(oldInputs, AUTONAMED)) return inputs;
  return named(inputs, nameOf(oldInputs));
}

/**
 * Inputs under a name of `<resource>-<8 hex digits>`, if the program gives none; the digits follow from the engine's
 * seed, so that a preview and the update after it agree.
 *
 * @throws if the stack forbids generated names
 */
export function assignName(
  inputs: Properties,
  request: {
    readonly name: string;
    readonly randomSeed: Uint8Array;
    readonly autonaming?: Autonaming | undefined;
  },
): Properties {
  if (nameOf(inputs) !== "") return inputs;
  const { autonaming, name, randomSeed } = request;
  if (autonaming?.mode === "disable") {
    throw new Error("autonaming is disabled, resource requires the .metadata.name field to be set");
  }
  if (autonaming !== undefined) return named(inputs, autonaming.proposedName);
  const digits =
    randomSeed.length === 0
      ? randomBytes(SUFFIX_DIGITS / 2).toString("hex")
      : seededDigits(randomSeed, SUFFIX_DIGITS);
  return named(inputs, `${name}-${digits}`);
}

function named(inputs: Properties, name: string): Properties {
  // Of metadata that is yet unknown, nothing can be set.
  if (inputs.metadata !== undefined && !isObject(inputs.metadata)) return inputs;
  return markAutonamed(withMember(inputs, ["metadata", "name"], name));
}
