import type { Change } from "./detailed-diff.ts";
import { deepEqual, type Value } from "./values.ts";

/**
 * Shortest edit of one list of scalars into another, by index: an index that loses one element and
 * gains another is an update. Removals carry old indices, insertions new ones.
 */
export function listEdits(old: readonly Value[], next: readonly Value[]): Map<number, Change> {
  const length = commonLengths(old, next);
  const edits = new Map<number, Change>();
  const note = (index: number, change: Change) =>
    edits.set(index, edits.has(index) ? "UPDATE" : change);
  let i = 0;
  let j = 0;
  while (i < old.length || j < next.length) {
    if (i < old.length && j < next.length && deepEqual(old[i], next[j])) {
      i++;
      j++;
    } else if (i < old.length && at(length, i + 1, j) >= at(length, i, j + 1)) {
      note(i++, "DELETE");
    } else if (j < next.length) {
      note(j++, "ADD");
    } else {
      note(i++, "DELETE");
    }
  }
  return edits;
}

function at(table: readonly number[][], row: number, column: number): number {
  return table[row]?.[column] ?? -1;
}

/** table[i][j] = length of the longest common subsequence of old[i..] and next[j..]. */
function commonLengths(old: readonly Value[], next: readonly Value[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () =>
    new Array<number>(next.length + 1).fill(0),
  );
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = next.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row === undefined) continue;
      row[j] = deepEqual(old[i], next[j])
        ? 1 + at(table, i + 1, j + 1)
        : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}
