import { detailedDiff, type DetailedDiff } from "./detailed-diff.ts";
import { planUpdate } from "./plan.ts";
import type { Fields } from "./schema.ts";
import { DEFAULTS, type Properties } from "./values.ts";

/** What Diff needs to know about a resource type. */
export interface Diffable {
  readonly fields: Fields;
  readonly autonamed: boolean;
  /** Whether every replacement deletes the old object first, unless the program says otherwise. */
  readonly deleteBeforeReplace: boolean;
}

/** Answer to Diff, in the official plugin's shape: empty parts are left out. */
export interface DiffAnswer {
  readonly replaces?: string[];
  readonly stables?: string[];
  readonly deleteBeforeReplace?: boolean;
  readonly changes: "DIFF_NONE" | "DIFF_SOME";
  readonly diffs?: string[];
  readonly detailedDiff?: DetailedDiff;
  /** Paths of `detailedDiff` that are not in the state but in the old inputs. */
  readonly inputDiffs?: readonly string[];
  readonly hasDetailedDiff?: boolean;
}

/**
 * Compares the state with new inputs.
 *
 * @param ignored property paths whose changes do not count
 */
export function diff(
  type: Diffable,
  prior: Properties,
  inputs: Properties,
  ignored: readonly string[] = [],
): DiffAnswer {
  const planned = planUpdate(type.fields, prior, inputs);
  const detailed = Object.fromEntries(
    Object.entries(detailedDiff(type.fields, prior, planned, inputs)).filter(
      ([path]) => !ignored.some((start) => isBelow(path, start)),
    ),
  );
  const paths = Object.keys(detailed).sort();
  const replaces = paths.filter((path) => detailed[path]?.endsWith("_REPLACE")).map(topLevel);
  const diffs = [...new Set(paths.map(topLevel))].sort();
  const stables = Object.keys(type.fields)
    .filter((name) => type.fields[name]?.forceNew === true && !replaces.includes(name))
    .sort();
  const deleteFirst =
    replaces.length > 0 &&
    (type.deleteBeforeReplace || (type.autonamed && !hasDefaultName(inputs)));
  return {
    ...(replaces.length > 0 && { replaces: replaces.sort() }),
    ...(stables.length > 0 && { stables }),
    ...(deleteFirst && { deleteBeforeReplace: true }),
    changes: paths.length > 0 ? "DIFF_SOME" : "DIFF_NONE",
    ...(diffs.length > 0 && { diffs, detailedDiff: detailed }),
    hasDetailedDiff: true,
  };
}

function topLevel(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}

function isBelow(path: string, start: string): boolean {
  return path === start || path.startsWith(`${start}.`) || path.startsWith(`${start}[`);
}

/** A fixed name cannot exist twice, so its owner has to go before the new one comes. */
function hasDefaultName(inputs: Properties): boolean {
  const defaults = inputs[DEFAULTS];
  return !Array.isArray(defaults) || inputs.name === undefined || defaults.includes("name");
}
