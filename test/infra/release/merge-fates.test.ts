import fc from "fast-check";
import { expect, it } from "vitest";
import type { ResourceRecord } from "../../../infra/release/deployment.ts";
import { mergeForRollback } from "../../../infra/release/merge.ts";
import { deployment, find, integrityProblems, thing, urnOf } from "./deployment-records.ts";

it("passes the engine's integrity check and condemns exactly what is new, whatever happened", () => {
  fc.assert(
    fc.property(fc.array(fate, { maxLength: 12 }), (fates) => {
      const before = deployment(
        ...fates.flatMap((drawn, index) => oldRecord(drawn, { fates, index })),
      );
      const failed = deployment(
        ...fates.flatMap((drawn, index) => newRecords(drawn, { fates, index })),
        ...fates.flatMap((drawn, index) => oldLeftovers(drawn, { fates, index })),
      );
      const merged = mergeForRollback(failed, before);
      expect(integrityProblems(merged)).toEqual([]);
      const stillThere = (name: string) =>
        failed.resources!.some(
          (entry) => entry.urn === urnOf("x:index:Thing", name) && entry.id === `old-${name}`,
        );
      for (const [index, drawn] of fates.entries()) {
        const name = `r${index}`;
        if (drawn.was && stillThere(name)) {
          expect(find(merged, name, `old-${name}`)?.delete).toBeUndefined();
          expect(find(merged, name, `new-${name}`)?.delete ?? true).toBe(true);
        }
        if (!drawn.was) expect(find(merged, name)?.delete ?? true).toBe(true);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

/** Random fates of objects in an update, and what a merge for a rollback makes of all of them together. */

/** What an update did to one object. Dependencies are numbers of earlier objects. */
interface Fate {
  readonly was: boolean;
  readonly did: "same" | "replaced" | "replaced delete-first" | "dropped" | "half-way";
  readonly oldDependencies: readonly number[];
  readonly newDependencies: readonly number[];
}

const fate: fc.Arbitrary<Fate> = fc.record({
  was: fc.boolean(),
  did: fc.constantFrom("same", "replaced", "replaced delete-first", "dropped", "half-way"),
  oldDependencies: fc.array(fc.nat({ max: 20 }), { maxLength: 2 }),
  newDependencies: fc.array(fc.nat({ max: 20 }), { maxLength: 2 }),
});

/** Of the objects drawn, those before the given one that exist in a program. */
function dependencies(
  positions: readonly number[],
  { fates, index }: Place,
  exists: (drawn: Fate) => boolean,
): string[] {
  const earlier = fates.slice(0, index).flatMap((drawn, at) => (exists(drawn) ? [`r${at}`] : []));
  if (earlier.length === 0) return [];
  return positions.map((position) => urnOf("x:index:Thing", earlier[position % earlier.length]!));
}

interface Place {
  readonly fates: readonly Fate[];
  readonly index: number;
}

const inOld = ({ was }: Fate) => was;
const inNew = ({ did }: Fate) => did !== "dropped";

function oldRecord(drawn: Fate, place: Place, fields: Partial<ResourceRecord> = {}) {
  const name = `r${place.index}`;
  const depends = dependencies(drawn.oldDependencies, place, inOld);
  return drawn.was ? [thing(name, `old-${name}`, { dependencies: depends, ...fields })] : [];
}

function newRecords(drawn: Fate, place: Place): ResourceRecord[] {
  const name = `r${place.index}`;
  const fields = {
    inputs: { size: 2 },
    dependencies: dependencies(drawn.newDependencies, place, inNew),
  };
  if (!drawn.was) return drawn.did === "dropped" ? [] : [thing(name, `new-${name}`, fields)];
  switch (drawn.did) {
    case "same":
      return [thing(name, `old-${name}`, fields)];
    case "replaced":
    case "replaced delete-first":
      return [thing(name, `new-${name}`, fields)];
    case "half-way":
      return [thing(name, `old-${name}`, { ...fields, pendingReplacement: true })];
    case "dropped":
      return [];
  }
}

/** Condemned and dropped ones stand behind the others, with what they depended on. */
function oldLeftovers(drawn: Fate, place: Place): ResourceRecord[] {
  if (drawn.did === "replaced") return oldRecord(drawn, place, { delete: true });
  return drawn.did === "dropped" ? oldRecord(drawn, place) : [];
}
