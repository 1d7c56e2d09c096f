/**
 * One run of the engine in a process of its own, so that it can be killed with all that belongs to it. Reads a `Task` from
 * standard input; exit code 0 if the run succeeded.
 */
import { json } from "node:stream/consumers";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation/index.js";
import type { StackExport } from "../../../infra/release/deployment.ts";
import { automationEngine } from "../../../infra/release/engine-run.ts";
import { restore } from "../../../infra/release/restore.ts";
import { programOf, type Node } from "./program.ts";

export interface Task {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Program to update to, or deployment to roll back to. */
  readonly update?: readonly Node[];
  readonly restore?: StackExport;
}

void run();

async function run(): Promise<void> {
  const task = (await json(process.stdin)) as Task;
  process.env["PATH"] = task.env["PATH"];
  const workspace = await LocalWorkspace.create({ workDir: task.folder, envVars: task.env });
  const engine = automationEngine(await Stack.select("test", workspace));
  if (task.update) await engine.up(programOf(task.update), { refresh: false });
  if (task.restore) await restore(engine, { before: task.restore });
}
