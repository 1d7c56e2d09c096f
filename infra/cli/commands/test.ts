import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, type Toolchain } from "../../../toolchain/index.ts";
import type { CommandContext } from "../context.ts";
import { exitCodes, UserError } from "../exit-codes.ts";
import { type Failure, readSuite, type SuiteResult } from "./test-report.ts";

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
const onRequest = ["drills", "alerts", "kubernetes"] as const;
/** These build images and run real programs. */
const needDocker: readonly string[] = ["artefacts", "engine", "docker", ...onRequest];

/** What was asked for, else everything that CI runs: static checks, then one suite after the other. */
export async function test(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  const only = ((options["only"] as string[] | undefined) ?? []).flatMap((name) => name.split(","));
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
  const results: SuiteResult[] = [];
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
    results.push(
      name === "static" ? await runChecks(context, env) : await runSuite(context, name, env),
    );
    context.note(`== ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  const count = (kind: "passed" | "failed" | "skipped") =>
    results.reduce((sum, result) => sum + result[kind], 0);
  // At the end once more, because CI shows the end of a long log.
  for (const { where, message } of results.flatMap(({ failures }) => failures)) {
    context.note(`\nFAILED  ${where}\n${message.replace(/^/gm, "    ")}`);
  }
  context.out(
    `${count("passed")} passed, ${count("failed")} failed` +
      (count("skipped") > 0 ? `, ${count("skipped")} skipped` : ""),
  );
  return count("failed") === 0 && count("passed") > 0 ? exitCodes.done : exitCodes.refused;
}

async function runChecks(context: CommandContext, env: NodeJS.ProcessEnv): Promise<SuiteResult> {
  const failures: Failure[] = [];
  for (const [name, command] of checks) {
    const code = await run(context.rootDir, command, env);
    context.note(`${code === 0 ? "ok" : "FAILED"}  ${name}`);
    if (code !== 0) failures.push({ where: name, message: `${command.join(" ")}: exit ${code}` });
  }
  const failed = failures.length;
  return { passed: checks.length - failed, failed, skipped: 0, failures };
}

async function runSuite(
  context: CommandContext,
  suite: string,
  env: NodeJS.ProcessEnv,
): Promise<SuiteResult> {
  const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-test-"));
  const report = join(directory, "report.json");
  try {
    const code = await run(
      context.rootDir,
      [
        "vitest",
        "run",
        "--project",
        suite,
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
      ],
      env,
    );
    return readSuite(suite, report, context.rootDir, code);
  } finally {
    rmSync(directory, { recursive: true, force: true });
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
