import { randomBytes } from "node:crypto";
import { seededDigits } from "./seeded-digits.ts";

/** The engine's `autonaming` setting for one resource. */
export interface Autonaming {
  readonly mode: "propose" | "enforce" | "disable";
  readonly proposedName: string;
}

/** Hex digits after the dash of a generated name; the official plugin's number. */
const SUFFIX_DIGITS = 7;

/**
 * Name of an object whose declaration gives none: `<resource>-<7 hex digits>`, the digits a
 * function of the engine's seed, so that a preview and the update after it agree.
 */
export function autoname(request: {
  readonly name: string;
  readonly randomSeed: Uint8Array;
  readonly autonaming?: Autonaming | undefined;
}): { name: string } | { failure: string } {
  const { autonaming } = request;
  if (autonaming?.mode === "disable") {
    return { failure: "automatic naming is disabled but no explicit name was provided" };
  }
  if (autonaming !== undefined) return { name: autonaming.proposedName };
  const suffix =
    request.randomSeed.length === 0
      ? randomBytes(SUFFIX_DIGITS).toString("hex").slice(0, SUFFIX_DIGITS)
      : seededDigits(request.randomSeed, SUFFIX_DIGITS);
  return { name: `${request.name}-${suffix}` };
}
