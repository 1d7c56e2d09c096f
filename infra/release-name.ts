import { scryptSync } from "node:crypto";
import { revisionOf } from "../components/platform/revision.ts";

export interface ReleaseParts {
  /** What may be read by anybody who reads the state. */
  readonly open: Readonly<Record<string, unknown>>;
  /** What may not. */
  readonly secret: Readonly<Record<string, unknown>>;
}

/**
 * The identity of a release: the hash of everything that it is made of.
 *
 * @param salt differs from stack to stack, and is the same for a stack at all times.
 */
export function releaseName({ open, secret }: ReleaseParts, salt: string): string {
  return `r-${revisionOf({ ...open, secret: fingerprint(secret, salt) }).slice(0, 10)}`;
}

/** Slow, because the name of a release is public: who knows all the rest could try passwords that people choose. */
function fingerprint(secret: unknown, salt: string): string {
  return scryptSync(revisionOf(secret), salt, 16).toString("hex");
}
