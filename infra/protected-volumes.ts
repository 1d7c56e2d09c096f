import type { KnownResource } from "./platforms/site.ts";

/**
 * What is protected and does not stay: the engine would refuse to delete it, in the middle of an update.
 *
 * @param staying URNs; default: nothing of it stays.
 */
export function protectedLeft(
  resources: readonly KnownResource[],
  staying: ReadonlySet<string> = new Set(),
): readonly KnownResource[] {
  return resources.filter(({ urn, protect }) => protect === true && !staying.has(urn));
}

/** How a stack forgets volumes that it protects. They are retained, whatever becomes of their record. */
export function howToForget(left: readonly KnownResource[], stack: string): string {
  return [
    "to let the stack forget them (the volumes stay, and a release that has them takes them up again):",
    ...left.map(({ urn }) => `    pulumi state unprotect '${urn}' --stack ${stack} --yes`),
  ].join("\n");
}
