/** Lines of each log that are kept. */
export const logLines = 500;

/** Of each part that failed, shown beside the verdict. */
const shownLines = 5;
/** Longer lines are cut there; the whole line is in the file. */
const shownCharacters = 240;

export function lastLines(log: string): string[] {
  return log
    .trimEnd()
    .split("\n")
    .slice(-shownLines)
    .filter((line) => line !== "")
    .map((line) =>
      line.length > shownCharacters ? `${line.slice(0, shownCharacters)} ...` : line,
    );
}
