import { isDeepStrictEqual } from "node:util";
import { sameProperties } from "./deployment-values.ts";
import {
  identityOf,
  isObject,
  isProviderType,
  isRootStack,
  liveResources,
  providerReference,
  referencesOf,
  type Deployment,
  type ResourceRecord,
} from "./deployment.ts";

export interface MergeOptions {
  /**
   * Types that exist in the state alone, such as generated passwords. Their record from before is put back as it was:
   * nothing in the world has to be undone.
   *
   * @default none
   */
  readonly logicalTypes?: RegExp;
  /**
   * What becomes of a replacement whose old object is gone. Live, it is changed back or replaced by its plugin's own
   * rules; condemned, it goes first of all and the old one is made anew. A parent stays live: its children need one.
   *
   * @default "live"
   */
  readonly replacements?: "live" | "condemned";
  /**
   * URNs whose change in place failed. The state then says what they were before it, though a part of the change may
   * have been made; so they are changed back whether or not the state shows a difference.
   *
   * @default none but those that the state shows to be half made
   */
  readonly failedUpdates?: ReadonlySet<string>;
}

/**
 * Step 1 of a rollback: the state from which the engine itself finds the way back.
 *
 * Every object of `before` that still exists becomes live again, with the inputs that it has now, because those are what
 * runs; every other object is condemned. Where the old object was deleted ahead of its replacement, the replacement stays
 * live, so that the way back is delete-first too and never has two holders of one name or port. Providers, components and
 * logical resources of `before` live in the state alone and are put back as they were.
 *
 * @param failed deployment after the failed update, secrets open
 * @param before deployment to return to, secrets open; undefined if there was none: everything is condemned
 * @returns a deployment that passes the engine's integrity check; `failed` and `before` are left alone
 */
export function mergeForRollback(
  failed: Deployment,
  before: Deployment | undefined,
  options: MergeOptions = {},
): Deployment {
  const logical = ({ type }: ResourceRecord) => options.logicalTypes?.test(type) ?? false;
  const interrupted = interruptedUpdates(failed);
  const unsure = unsureDeletions(failed, before);
  const remaining = new Set(
    (failed.resources ?? []).map((record) =>
      unsure.has(record) ? without(record, ["pendingReplacement"]) : record,
    ),
  );
  const wanted = liveResources(before);
  const wantedUrns = new Set(wanted.map(({ urn }) => urn));

  const claims = new Map<ResourceRecord, ResourceRecord>();
  const byIdentity = grouped(remaining);
  for (const old of wanted.filter((record) => isObject(record) && !logical(record))) {
    const found = sameObject(byIdentity.get(identityOf(old)) ?? [], old);
    if (found) claims.set(old, found);
  }
  const claimed = new Set(claims.values());
  const replacements = new Map(
    [...remaining]
      .filter((record) => !claimed.has(record) && isObject(record) && !record.delete)
      .map((record) => [record.urn, record]),
  );

  const parents = parentsOf(wanted);
  const mayGo = ({ urn }: ResourceRecord) =>
    options.replacements === "condemned" && !parents.has(urn);
  const restored = wanted.flatMap((old): ResourceRecord[] => {
    if (!isObject(old) || logical(old)) return [putBack(old)];
    const replacement = replacements.get(old.urn);
    // Deleted ahead of its replacement, but retained: the object, and its data, are still there.
    if (!claims.has(old) && replacement && old.retainOnDelete) return [putBack(old)];
    const replaced = mayGo(old) ? undefined : replacement;
    const present = claims.get(old) ?? replaced;
    if (present === undefined) return [];
    remaining.delete(present);
    const forced =
      interrupted.has(identityOf(present)) ||
      options.failedUpdates?.has(present.urn) === true ||
      halfMade(present, old);
    return [revived(present, old, claims.has(old), forced)];
  });
  const providers = new Set(restored.map(providerReference));
  const extra = [...remaining].flatMap((record) =>
    condemned(record, { wantedUrns, providers, logical }),
  );
  return {
    ...failed,
    resources: withoutDangling([...restored, ...reallyDeleted(extra, restored)], wanted),
    pending_operations: [],
  };
}

/**
 * `deletedWith` makes the engine skip a deletion if anything of that URN is deleted: also where that is another object
 * than the one meant, or stays because it is retained. Kept only where neither can be, else the object would be left over.
 */
function reallyDeleted(
  extra: readonly ResourceRecord[],
  restored: readonly ResourceRecord[],
): ResourceRecord[] {
  const staying = new Set([
    ...restored.map(({ urn }) => urn),
    ...extra.filter((record) => !record.delete || record.retainOnDelete).map(({ urn }) => urn),
  ]);
  return extra.map((record) =>
    record.deletedWith && staying.has(record.deletedWith)
      ? without(record, ["deletedWith"])
      : record,
  );
}

/**
 * URNs whose object was deleted ahead of its replacement: the way back has to be delete-first too, and the state does not
 * say so. What tells it is that an object of `before` is gone although nothing is deleted before a commit but for that.
 */
export function replacedDeleteFirst(
  failed: Deployment,
  before: Deployment | undefined,
): ReadonlySet<string> {
  const present = grouped(failed.resources ?? []);
  const gone = liveResources(before).filter((old) => {
    if (!isObject(old) || old.external) return false;
    const found = sameObject(present.get(identityOf(old)) ?? [], old);
    if (found === undefined || found.pendingReplacement) return !old.retainOnDelete;
    // Under the same fixed id, another object made later.
    return old.created !== undefined && found.created !== undefined && found.created > old.created;
  });
  return new Set(gone.map(({ urn }) => urn));
}

/**
 * Records of objects that may or may not have been deleted ahead of their replacement. `deletedWith` lets the engine note a
 * deletion without one, because another object goes that takes it along; an update that fails may never come to that one.
 * Only a look at the object tells.
 */
export function unsureDeletions(
  { resources = [] }: Deployment,
  before: Deployment | undefined,
): ReadonlySet<ResourceRecord> {
  const there = new Set(
    resources
      .filter(({ pendingReplacement, retainOnDelete }) => !pendingReplacement || retainOnDelete)
      .map(identityOf),
  );
  const taken = new Set(
    liveResources(before)
      .filter((old) => !there.has(identityOf(old)))
      .map(({ urn }) => urn),
  );
  return new Set(
    resources.filter(
      ({ pendingReplacement, deletedWith }) =>
        pendingReplacement === true && deletedWith !== undefined && !taken.has(deletedWith),
    ),
  );
}

function parentsOf(records: readonly ResourceRecord[]): ReadonlySet<string | undefined> {
  return new Set(records.map(({ parent }) => parent));
}

function grouped(records: Iterable<ResourceRecord>): Map<string, ResourceRecord[]> {
  const groups = new Map<string, ResourceRecord[]>();
  for (const record of records) {
    const identity = identityOf(record);
    groups.set(identity, [...(groups.get(identity) ?? []), record]);
  }
  return groups;
}

/**
 * The objects of `before` that exist, as they are now: a deployment whose replay changes none of them, and deletes all
 * that is condemned in the merged one. A parent that is gone is in it as it was last, to be made again for its children:
 * what it is to be may want what a condemned object still holds.
 */
export function presentPart(merged: Deployment, before: Deployment | undefined): Deployment {
  const wanted = liveResources(before);
  const urns = new Set(wanted.map(({ urn }) => urn));
  const parents = parentsOf(wanted);
  const present = liveResources(merged).filter(
    ({ urn, pendingReplacement }) => urns.has(urn) && (!pendingReplacement || parents.has(urn)),
  );
  return { ...merged, resources: withoutDangling(present, wanted) };
}

/** URNs of the resources of `before` that a merged deployment has live, with the very same inputs. */
export function unchangedPart(
  merged: Deployment,
  before: Deployment | undefined,
): ReadonlySet<string> {
  const live = new Map(liveResources(merged).map((record) => [record.urn, record]));
  const alike = liveResources(before).filter(({ urn, inputs }) => {
    const present = live.get(urn);
    return (
      present !== undefined &&
      !present.pendingReplacement &&
      isDeepStrictEqual(present.inputs ?? {}, inputs ?? {})
    );
  });
  return new Set(alike.map(({ urn }) => urn));
}

/** Of two records that look alike, as replaced ones with a fixed id do, the old one. */
function sameObject(
  candidates: readonly ResourceRecord[],
  old: ResourceRecord,
): ResourceRecord | undefined {
  if (candidates.length < 2) return candidates[0];
  // A rollback that was cut off has already exchanged the marks: what it had as inputs tells them apart for certain.
  const alike = candidates.filter((record) => sameProperties(record.inputs, old.inputs));
  const choice = alike.length > 0 ? alike : candidates;
  return choice.find((record) => record.delete) ?? choice[0];
}

/** Objects whose change in place was cut off: nobody knows how far it came. */
function interruptedUpdates({ pending_operations: operations }: Deployment): ReadonlySet<string> {
  return new Set(
    (operations ?? [])
      .filter(({ type }) => type === "updating")
      .map(({ resource }) => identityOf(resource)),
  );
}

/**
 * Whether the object was changed, but did not start with the change. The engine records such a change with the inputs
 * from before it, so nothing but the error tells that something else runs.
 */
function halfMade(present: ResourceRecord, old: ResourceRecord): boolean {
  if (present.delete || (present.initErrors ?? []).length === 0) return false;
  return (old.initErrors ?? []).length === 0 || !sameProperties(present.outputs, old.outputs);
}

/** State-only records need nothing undone. A component that a plugin constructed must not look like a moved one. */
function putBack(old: ResourceRecord): ResourceRecord {
  return without(old, [
    "resourceHooks",
    "taint",
    "initErrors",
    ...(old.custom ? [] : ["provider"]),
  ]);
}

/** What a record says of its place among the others. */
const references = [
  "parent",
  "dependencies",
  "propertyDependencies",
  "deletedWith",
  "replaceWith",
] as const;

/**
 * The object as it is now at the place that it had. Hooks are left out because the program that knows them is not run;
 * an initialisation error makes the engine apply the inputs even if nothing seems to have changed.
 */
function revived(
  present: ResourceRecord,
  old: ResourceRecord,
  same: boolean,
  forced: boolean,
): ResourceRecord {
  const graph = {
    // What is gone depends on nothing: the engine deletes the dependents of what it replaces delete-first, gone or not.
    ...pick(old, present.pendingReplacement ? ["parent"] : references),
    ...(same && old.provider && { provider: old.provider }),
  };
  const cleared = without(present, [
    ...["delete", "taint", "initErrors", "resourceHooks", ...references],
    // The failed release's own protection would keep the way back from replacing it.
    ...(same && old.protect === true ? [] : ["protect"]),
  ]);
  // The engine refuses to make a protected object again even where it is gone.
  const retained = present.pendingReplacement === true && old.retainOnDelete === true;
  const open = present.pendingReplacement
    ? without(cleared, retained ? ["pendingReplacement"] : ["protect"])
    : cleared;
  return { ...open, ...graph, ...(forced && { initErrors: ["the change may be half made"] }) };
}

interface Surroundings {
  readonly wantedUrns: ReadonlySet<string>;
  /** References of the providers that were put back. */
  readonly providers: ReadonlySet<string>;
  readonly logical: (record: ResourceRecord) => boolean;
}

/** What becomes of a record that the state from before does not have. */
function condemned(record: ResourceRecord, around: Surroundings): ResourceRecord[] {
  const clash = around.wantedUrns.has(record.urn);
  const bare = without(record, ["protect", "taint", "initErrors", "resourceHooks"]);
  if (isRootStack(record)) return clash ? [] : [bare];
  if (isProviderType(record.type)) {
    if (around.providers.has(providerReference(record))) return [];
    return [clash ? { ...bare, delete: true } : bare];
  }
  // A live component of the new program alone: the engine removes it when its children are gone.
  if (!record.custom) return clash ? [] : [without(bare, ["provider"])];
  const gone = record.pendingReplacement === true || !record.id;
  if (gone || record.external || record.viewOf || around.logical(record)) return [];
  return [{ ...bare, delete: true }];
}

/**
 * References to records that are gone are cut. A gone parent stands in as an object that is yet to be made again, since
 * the URN of a child tells its parent.
 */
function withoutDangling(
  records: readonly ResourceRecord[],
  wanted: readonly ResourceRecord[],
): ResourceRecord[] {
  const wantedByUrn = new Map(wanted.map((record) => [record.urn, record]));
  const seen = new Set<string>();
  const result: ResourceRecord[] = [];
  const add = (record: ResourceRecord): void => {
    if (record.parent && !seen.has(record.parent)) {
      const parent = wantedByUrn.get(record.parent);
      if (parent)
        add({ ...without(parent, ["protect", "resourceHooks"]), pendingReplacement: true });
    }
    seen.add(record.urn);
    result.push(referencesOf(record).every((urn) => seen.has(urn)) ? record : prune(record, seen));
  };
  records.forEach(add);
  return result;
}

function prune(record: ResourceRecord, seen: ReadonlySet<string>): ResourceRecord {
  const known = (urns: readonly string[] | null | undefined) =>
    (urns ?? []).filter((urn) => seen.has(urn) && urn !== record.urn);
  const byProperty = Object.entries(record.propertyDependencies ?? {});
  const gone = record.deletedWith && !seen.has(record.deletedWith) ? ["deletedWith"] : [];
  return {
    ...without(record, gone),
    dependencies: known(record.dependencies),
    propertyDependencies: Object.fromEntries(byProperty.map(([key, urns]) => [key, known(urns)])),
    replaceWith: known(record.replaceWith),
  };
}

function without(record: ResourceRecord, keys: readonly string[]): ResourceRecord {
  const kept = Object.entries(record).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept) as unknown as ResourceRecord;
}

function pick(record: ResourceRecord, keys: readonly string[]): Partial<ResourceRecord> {
  const kept = Object.entries(record).filter(([key]) => keys.includes(key));
  return Object.fromEntries(kept);
}
