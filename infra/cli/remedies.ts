/** What an engine says that is true and helps nobody, and what to do about it. */
const remedies: readonly (readonly [RegExp, (name: string) => string])[] = [
  [
    /network (\S+) id \S+ has active endpoints/,
    (network) =>
      `\`docker network inspect ${network}\` shows who is on it: stop and remove that first. If nobody is, the Docker ` +
      "engine has lost count (moby/moby#17217): restart it, then run this again",
  ],
];

/** A problem that the engine reported, with what to do on a line of its own where that is known. */
export function withRemedy(problem: string): string {
  for (const [pattern, remedy] of remedies) {
    const name = pattern.exec(problem)?.[1];
    if (name !== undefined) return `${problem}\n  ${remedy(name)}`;
  }
  return problem;
}
