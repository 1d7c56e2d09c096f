/** Where a tool came from, best first. */
export type Origin = "found" | "official" | "built" | "stand-in" | "generated" | "missing";

/** One line of `fleet doctor`. */
export interface ToolReport {
  readonly tool: string;
  /** Path, URL or reference of what is used; never a secret. */
  readonly used: string;
  readonly origin: Origin;
  readonly version?: string;
  /** What would be better, one sentence. */
  readonly better?: string;
  /** What is wrong and how to mend it; absent when the tool is usable. */
  readonly problem?: string;
}

/** What `pulumi` and everything it starts needs. */
export interface Toolchain {
  /** To be merged over `process.env`. */
  readonly env: Readonly<Record<string, string>>;
  /** Path of the Pulumi CLI; empty when it was not asked for. */
  readonly pulumi: string;
  /** Image reference for the build argument `BASE`. */
  readonly baseImage: string;
  readonly reports: readonly ToolReport[];
}

/** One reason why the toolchain cannot be made ready. */
export interface ToolProblem {
  readonly tool: string;
  readonly got: string;
  readonly fix: string;
}

/** Every problem of the toolchain at once, each with its fix. */
export class ToolchainError extends Error {
  override readonly name = "ToolchainError";
  readonly problems: readonly ToolProblem[];

  constructor(problems: readonly ToolProblem[]) {
    const lines = problems.map(({ tool, got, fix }) => `  ${tool}: ${got}; ${fix}`);
    super(`the toolchain has ${problems.length} problem(s):\n${lines.join("\n")}`);
    this.problems = problems;
  }
}

/** A problem of one tool, for `throw`. */
export function toolProblem(tool: string, got: string, fix: string): ToolchainError {
  return new ToolchainError([{ tool, got, fix }]);
}

/** Joins the problems of rejected parts into one error; anything else that was thrown is thrown on as it is. */
export function joinProblems(reasons: readonly unknown[]): ToolchainError {
  const problems: ToolProblem[] = [];
  for (const reason of reasons) {
    if (!(reason instanceof ToolchainError)) throw reason;
    for (const problem of reason.problems) {
      if (!problems.some((known) => known.tool === problem.tool && known.got === problem.got)) {
        problems.push(problem);
      }
    }
  }
  return new ToolchainError(problems);
}
