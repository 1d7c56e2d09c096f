import { spawn } from "node:child_process";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";
import type { StackExport } from "./deployment.ts";
import { exportOpen } from "./export-state.ts";
import { mendInlinePrograms } from "./inline-programs.ts";
import { RunProblems } from "./run-problems.ts";

/** What a rollback needs of the engine; one stack. */
export interface ReleaseEngine {
  /** The current state with its secrets open. */
  exportDeployment(): Promise<StackExport>;
  /** Writes a state; its open secrets are encrypted with the stack's key on the way in. */
  importDeployment(deployment: StackExport): Promise<void>;
  /** Called when a gate begins to ask: time to load what only a rollback needs, while nothing else is done. */
  prepare?(): void;
  /**
   * Runs an inline program without preview. `refresh` overrides what the project says.
   *
   * @throws if the run fails, with what the engine said of each object
   */
  up(program: PulumiFn, options: { readonly refresh: boolean }): Promise<OperationCounts>;
}

/** How many resources were made, changed in place, deleted, and left alone. A replacement counts as made and deleted. */
export interface OperationCounts {
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
  readonly same: number;
}

export interface AutomationEngineOptions {
  /** Configuration file of the stack, if it is not the one beside `Pulumi.yaml`. */
  readonly configFile?: string;
  readonly onEvent?: (event: EngineEvent) => void;
  readonly signal?: AbortSignal;
}

/** The engine behind an Automation API stack handle: its project directory, its environment, its CLI. */
export function automationEngine(
  stack: Stack,
  options: AutomationEngineOptions = {},
): ReleaseEngine {
  mendInlinePrograms();
  return {
    exportDeployment: () => exportStack(stack),
    importDeployment: (deployment) => importByPipe(stack, deployment),
    up: (program, { refresh }) =>
      withRefresh(stack, refresh, async () => {
        const counter = operationCounter();
        const problems = new RunProblems();
        const run = quietly(stack).up({
          program,
          showSecrets: false,
          color: "never",
          suppressProgress: true,
          suppressOutputs: true,
          ...(options.configFile !== undefined && { configFile: options.configFile }),
          ...(options.signal !== undefined && { signal: options.signal }),
          onEvent: (event) => {
            counter.onEvent(event);
            problems.onEvent(event);
            options.onEvent?.(event);
          },
        });
        await run.catch((error: unknown) => {
          throw problems.asError(error);
        });
        return counter.counts();
      }),
  };
}

/**
 * The same handle, but `up` does not start the CLI three times more for outputs and history that nobody reads here: they
 * are most of the time of a short run.
 */
function quietly(stack: Stack): Stack {
  return Object.create(stack, {
    outputs: { value: () => Promise.resolve({}) },
    info: { value: () => Promise.resolve(undefined) },
  }) as Stack;
}

/** The Automation API's own export has the CLI derive the stack's key anew each time. */
function exportStack(stack: Stack): Promise<StackExport> {
  const env = { ...process.env, ...stack.workspace.envVars };
  return exportOpen((command) => runCli(stack, command), env);
}

/** The Automation API's own import leaves open secrets in a temporary file; standard input leaves nothing behind. */
async function importByPipe(stack: Stack, deployment: StackExport): Promise<void> {
  await runCli(stack, ["stack", "import", "--color", "never"], JSON.stringify(deployment));
}

/** @returns standard output. */
function runCli(stack: Stack, command: readonly string[], input = ""): Promise<string> {
  const { pulumiCommand, workDir, envVars } = stack.workspace;
  const child = spawn(
    pulumiCommand.command,
    [...command, "--stack", stack.name, "--non-interactive"],
    { cwd: workDir, env: { ...process.env, ...envVars }, stdio: "pipe" },
  );
  return new Promise((resolve, reject) => {
    let output = "";
    let problems = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      problems += text;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      const name = `pulumi ${command.slice(0, 2).join(" ")}`;
      if (code === 0) resolve(output);
      else reject(new Error(`${name} failed (exit code ${code}): ${problems.trim()}`));
    });
    // A CLI that refuses early closes the pipe; its exit code says why.
    child.stdin.once("error", () => undefined);
    child.stdin.end(input);
  });
}

/** The project may say `refresh: always`; the CLI reads every flag from the environment too. */
async function withRefresh<Result>(
  stack: Stack,
  refresh: boolean,
  run: () => Promise<Result>,
): Promise<Result> {
  const { envVars } = stack.workspace;
  const earlier = envVars[refreshVariable];
  envVars[refreshVariable] = String(refresh);
  try {
    return await run();
  } finally {
    if (earlier === undefined) delete envVars[refreshVariable];
    else envVars[refreshVariable] = earlier;
  }
}

const refreshVariable = "PULUMI_OPTION_REFRESH";

/** Counts finished steps: the engine's own summary leaves out what is deleted because it was replaced. */
function operationCounter() {
  const finished = new Map<string, number>();
  const sum = (...operations: readonly string[]) =>
    operations.reduce((total, operation) => total + (finished.get(operation) ?? 0), 0);
  return {
    onEvent({ resOutputsEvent }: EngineEvent): void {
      if (!resOutputsEvent) return;
      const { op } = resOutputsEvent.metadata;
      finished.set(op, (finished.get(op) ?? 0) + 1);
    },
    counts: (): OperationCounts => ({
      created: sum("create", "create-replacement"),
      updated: sum("update"),
      deleted: sum("delete", "delete-replaced"),
      same: sum("same"),
    }),
  };
}
