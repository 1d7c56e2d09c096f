/** The known word that a mistyped one most likely means; undefined if none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const plain = normal(word);
  const exact = known.find((candidate) => normal(candidate) === plain);
  if (exact !== undefined) {
    return exact;
  }
  // A third of the letters may differ: "prot" means port, "gate" does not mean name.
  const limit = Math.max(1, Math.floor(plain.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(plain, normal(candidate)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return ranked[0]?.candidate;
}

/** What to do about an unknown word. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return "there is none here; remove it";
  const near = suggest(word, known);
  const list = known.join(", ");
  return near === undefined ? `known here: ${list}` : `did you mean ${near}? Known here: ${list}`;
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}

/** Edits that turn one word into the other; two neighbours in the wrong order count as one. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]?.push(
        Math.min(
          cell(i - 1, j) + 1,
          cell(i, j - 1) + 1,
          cell(i - 1, j - 1) + (same ? 0 : 1),
          swapped ? cell(i - 2, j - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return cell(a.length, b.length);
}
