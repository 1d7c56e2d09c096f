import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CommandContext } from "../context.ts";
import { type FileResult, readSuite } from "./test-report.ts";

/** Static checks: name -> program and arguments. */
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["prettier", "--check", "--log-level", "warn", "."]],
  ["lint", ["eslint", "."]],
  ["types", ["tsc", "--noEmit"]],
  ["unused code", ["knip", "--no-progress"]],
];

/** What a suite shares the machine with. */
export interface Place {
  /** Without another suite at the same time; else each line of its output begins with its name. */
  readonly alone: boolean;
  /** How much its priority is lowered. */
  readonly niceness: number;
}

/** The static checks, all at once: each of them keeps one processor busy, and none needs another's result. */
export async function runChecks(
  context: CommandContext,
  env: NodeJS.ProcessEnv,
  { niceness }: Pick<Place, "niceness">,
): Promise<readonly FileResult[]> {
  const check = async ([name, command]: (typeof checks)[number]): Promise<FileResult> => {
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);
    const code = await run(context.rootDir, command, env, { niceness, onLine });
    context.note([...lines, `${code === 0 ? "ok" : "FAILED"}  ${name}`].join("\n"));
    const result = { file: name, isFile: false, skipped: 0 };
    if (code === 0) return { ...result, passed: 1, failures: [] };
    const failures = [{ where: name, message: `${command.join(" ")}: exit ${code}` }];
    return { ...result, passed: 0, failures };
  };
  return Promise.all(checks.map(check));
}

/** One suite of Vitest, or the given files of it. */
export async function runSuite(
  context: CommandContext,
  suite: string,
  env: NodeJS.ProcessEnv,
  place: Place,
  files: readonly string[] = [],
): Promise<readonly FileResult[]> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-test-"));
  const report = join(directory, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  try {
    const code = await run(
      context.rootDir,
      ["vitest", "run", "--project", suite, ...reporters, ...files],
      env,
      {
        niceness: place.niceness,
        ...(!place.alone && { onLine: (line) => context.note(`${suite} | ${line}`) }),
      },
    );
    return readSuite(suite, report, context.rootDir, code);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface RunOptions {
  readonly niceness?: number;
  /**
   * Gets each line of its output.
   *
   * @default the output goes to standard error as it is: standard output is the result
   */
  readonly onLine?: (line: string) => void;
}

/** How long the rest of a program's output is waited for when it has ended. */
const outputMs = 10_000;

/** Runs a program of `node_modules`; its exit code. */
function run(
  rootDir: string,
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
  { niceness = 0, onLine }: RunOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const output = onLine ? "pipe" : 2;
    const child = spawn(join(rootDir, "node_modules", ".bin", program!), args, {
      cwd: rootDir,
      env,
      stdio: ["ignore", output, output],
    });
    child.on("error", reject);
    // Inherited by everything that it starts.
    if (niceness > 0 && child.pid !== undefined) setPriority(child.pid, niceness);
    if (onLine) {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream! }).on("line", onLine);
      }
    }
    child.on("close", (code) => resolve(code ?? 1));
    // What it left running in the background may hold its output open for ever.
    child.on("exit", (code) => setTimeout(() => resolve(code ?? 1), outputMs).unref());
  });
}
