import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseOptions } from "./options.ts";
import type { Properties } from "../bridge/values.ts";

/** Exit code by which the SDK says that it already told the user what is wrong. */
const ALREADY_EXPLAINED = 32;
/** How long a cancelled program may take to end by itself; the official host's limit. */
const CANCEL_GRACE_MS = 5_000;

/** What to run, and whom it talks to. */
export interface RunRequest {
  readonly monitorAddress: string;
  readonly engineAddress: string;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  readonly rootDirectory: string;
  readonly programDirectory: string;
  readonly entryPoint: string;
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly options: Properties;
  readonly config: Readonly<Record<string, string>>;
  readonly configSecretKeys: readonly string[];
  readonly args: readonly string[];
}

/** How a program ended: `bail` if the user has seen the reason already. */
export interface RunResult {
  readonly error: string;
  readonly bail: boolean;
}

/** Runs a program with its own SDK and waits for its end. */
export async function runProgram(request: RunRequest, signal: AbortSignal): Promise<RunResult> {
  let command: string[];
  let environment: NodeJS.ProcessEnv;
  try {
    const options = parseOptions(request.options);
    command = [
      ...options.nodeArguments,
      locateRunner(request.programDirectory),
      ...runnerArguments(request),
    ];
    environment = {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(oldStyleKeys(request.config)),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.configSecretKeys),
      ...(options.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
      ...(options.tsconfig !== undefined && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error), bail: false };
  }
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      env: environment,
      stdio: ["ignore", "inherit", "inherit"],
    });
    const cancel = () => {
      child.kill("SIGINT");
      setTimeout(() => child.kill("SIGKILL"), CANCEL_GRACE_MS).unref();
    };
    signal.addEventListener("abort", cancel, { once: true });
    child.once("error", (error) =>
      resolve({ error: `Problem executing program: ${error.message}`, bail: false }),
    );
    child.once("exit", (code, killedBy) => {
      signal.removeEventListener("abort", cancel);
      resolve(resultOf(code, killedBy));
    });
  });
}

function resultOf(code: number | null, killedBy: NodeJS.Signals | null): RunResult {
  if (code === 0) return { error: "", bail: false };
  if (code === ALREADY_EXPLAINED) return { error: "", bail: true };
  const error =
    code === null
      ? `Program was ended by ${killedBy ?? "a signal"}`
      : `Program exited with non-zero exit code: ${code}`;
  return { error, bail: false };
}

function locateRunner(programDirectory: string): string {
  try {
    return createRequire(join(programDirectory, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(
      "It looks like the Pulumi SDK has not been installed. Have you run npm install?",
    );
  }
}

function runnerArguments(request: RunRequest): string[] {
  const named: [string, string][] = [
    ["monitor", request.monitorAddress],
    ["engine", request.engineAddress],
    ["organization", request.organization],
    ["project", request.project],
    ["root-directory", request.rootDirectory],
    ["stack", request.stack],
    ["pwd", request.programDirectory],
    ["parallel", String(request.parallel)],
  ];
  return [
    ...named.flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.dryRun ? ["--dry-run"] : []),
    request.entryPoint,
    ...request.args,
  ];
}

/** The SDK still takes configuration under its old keys, `project:config:name`. */
function oldStyleKeys(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const colon = key.indexOf(":");
      const name = key.slice(colon + 1).replace(/^config:/, "");
      return [`${key.slice(0, colon)}:config:${name}`, value];
    }),
  );
}
