import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, type Toolchain } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";

/** Static checks: name -> program and arguments. */
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["prettier", "--check", "--log-level", "warn", "."]],
  ["lint", ["eslint", "."]],
  ["types", ["tsc", "--noEmit"]],
  ["unused code", ["knip", "--no-progress"]],
];

/** Suites of `vitest.config.ts`, in order of what they need of the machine. */
const suites = ["unit", "artefacts", "engine", "docker"] as const;
/** Suites that run only when they are asked for: they take too long for every change. */
const onRequest = ["drills"] as const;
/** These build images and run real programs. */
const needDocker: readonly string[] = ["artefacts", "engine", "docker", "drills"];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What was asked for, else everything that CI runs: static checks, then one suite after the other. */
export async function test(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const only = (options["only"] as string[] | undefined) ?? [];
  const standard = ["static", ...suites];
  const known = [...standard, ...onRequest];
  const unknown = only.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UserError(
      `fleet test --only: got ${unknown.map((name) => JSON.stringify(name)).join(", ")}; suites are ${known.join(", ")}; name one of them, or none for all`,
      exitCodes.usage,
    );
  }
  const wanted = only.length === 0 ? standard : known.filter((name) => only.includes(name));
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  let toolchain: Toolchain | undefined;
  for (const name of wanted) {
    const started = Date.now();
    context.note(`\n== ${name}`);
    if (needDocker.includes(name)) {
      toolchain ??= await prepare({
        log: context.note,
        needs: new Set(["pulumi", "docker", "images", "state"]),
      });
    }
    const env = { ...context.env, ...toolchain?.env };
    if (name === "static") await runChecks(context, counts, env);
    else await runSuite(context, counts, name, env);
    context.note(`== ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  context.out(
    `${counts.passed} passed, ${counts.failed} failed` +
      (counts.skipped > 0 ? `, ${counts.skipped} skipped` : ""),
  );
  return counts.failed === 0 && counts.passed > 0 ? exitCodes.done : exitCodes.refused;
}

async function runChecks(
  context: CommandContext,
  counts: Counts,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  for (const [name, command] of checks) {
    const code = await run(context.rootDir, command, env);
    context.note(`${code === 0 ? "ok" : "FAILED"}  ${name}`);
    counts[code === 0 ? "passed" : "failed"] += 1;
  }
}

async function runSuite(
  context: CommandContext,
  counts: Counts,
  suite: string,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-test-"));
  const report = join(directory, "report.json");
  try {
    const command = [
      "vitest",
      "run",
      "--project",
      suite,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ];
    const code = await run(context.rootDir, command, env);
    const result = readReport(report);
    counts.passed += result.numPassedTests;
    counts.skipped += result.numPendingTests;
    // A suite that could not even be collected has no failed test, and failed all the same.
    counts.failed += code === 0 ? result.numFailedTests : Math.max(1, result.numFailedTests);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readReport(path: string): {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
} {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ReturnType<typeof readReport>;
  } catch {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
  }
}

/** Runs a program of `node_modules`; its exit code. Output goes to standard error: standard output is the result. */
function run(
  rootDir: string,
  [program, ...args]: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(rootDir, "node_modules", ".bin", program!), args, {
      cwd: rootDir,
      env,
      stdio: ["ignore", 2, 2],
    });
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
