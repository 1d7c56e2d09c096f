/** Keys and indexes from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** One thing that is wrong, ready to print. */
export interface Problem {
  /** Setting, as `--set` would address it: `servers.scene.port`. */
  readonly path: string;
  /** What was given; absent where there is nothing to show, never a value that may be a secret. */
  readonly got?: string;
  /** What is allowed, or why the value cannot work. */
  readonly allowed: string;
  /** What to do about it, where `allowed` does not say it already. */
  readonly fix?: string;
  /** Where the value stands: `fleets/writing.yaml:12:11`, `environment LOG_LEVEL`, `--set`. */
  readonly source?: string;
}

/** A problem found in a document, before its place is known. */
export interface Finding {
  readonly at: Path;
  readonly got?: string;
  readonly allowed: string;
  readonly fix?: string;
  /** The key is wrong, not its value: its own position is shown. */
  readonly atKey?: boolean;
}

/** Every problem of one configuration, in one error. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  /** @param what the configuration as its reader knows it, as in `fleet fleets/writing.yaml`. */
  constructor(what: string, problems: readonly Problem[]) {
    super(`${what} has ${problems.length} problem(s):\n${problems.map(formatProblem).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** One indented line: `  path: got X; allowed; fix (source)`. */
export function formatProblem(problem: Problem): string {
  const parts = [
    problem.got === undefined ? undefined : `got ${problem.got}`,
    problem.allowed,
    problem.fix,
  ].filter((part) => part !== undefined);
  const source = problem.source === undefined ? "" : ` (${problem.source})`;
  return `  ${problem.path}: ${parts.join("; ")}${source}`;
}
