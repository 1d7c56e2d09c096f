/**
 * Labels on every object that the fleet makes. They say what it is part of and which release brought it, so they must
 * not change while the object lives: an unchanged object keeps the labels that it was created with.
 */

export const labelNames = {
  stack: "mcp-fleet/stack",
  component: "mcp-fleet/component",
  release: "mcp-fleet/release",
  transaction: "mcp-fleet/transaction",
  revision: "mcp-fleet/revision",
  lineage: "mcp-fleet/lineage",
} as const;

/** Labels of the objects in the stack's current state, by logical name of the resource. */
export type PreviousLabels = ReadonlyMap<string, Readonly<Record<string, string>>>;

export interface ReleaseIdentity {
  readonly stack: string;
  /** Hash of everything that this release is made of. */
  readonly release: string;
  /** One per `pulumi up`. */
  readonly transaction: string;
  /** One per state: two states may have a stack of the same name on one engine. */
  readonly lineage: string;
  readonly previous: PreviousLabels;
}

/**
 * Labels of one object.
 *
 * @param resource logical name of its resource.
 * @param revision hash of everything that makes it another object; the same revision keeps the labels it has.
 */
export function labelsFor(
  identity: ReleaseIdentity,
  resource: string,
  component: string,
  revision: string,
): Record<string, string> {
  const old = identity.previous.get(resource);
  const unchanged = old?.[labelNames.revision] === revision;
  const lineage = unchanged ? old[labelNames.lineage] : identity.lineage;
  return {
    [labelNames.component]: component,
    ...(lineage !== undefined && { [labelNames.lineage]: lineage }),
    [labelNames.release]: (unchanged && old?.[labelNames.release]) || identity.release,
    [labelNames.revision]: revision,
    [labelNames.stack]: identity.stack,
    [labelNames.transaction]: (unchanged && old?.[labelNames.transaction]) || identity.transaction,
  };
}
