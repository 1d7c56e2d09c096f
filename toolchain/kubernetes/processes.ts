import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "../exec.ts";
import { toolProblem } from "../report.ts";
import type { Component, ComponentName } from "./component.ts";
import { nodeCommand } from "./node.ts";
import { childrenOf, identify, isAlive, type ProcessIdentity, signalProcess } from "./proc.ts";

const FORK_MS = 5_000;

function pidFile(dir: string, name: ComponentName): string {
  return join(dir, "run", `${name}.json`);
}

/** Log of a process of the node. */
function logFile(dir: string, name: string): string {
  return join(dir, "logs", `${name}.log`);
}

/** Starts a process of the node that outlives this one, and notes who it is. */
export async function startProcess(
  dir: string,
  node: ProcessIdentity,
  component: Component,
): Promise<void> {
  const log = openSync(logFile(dir, component.name), "a");
  const { command, args, env } = nodeCommand(node, component.command);
  const child = spawn(command, args, {
    stdio: ["ignore", log, log],
    detached: true,
    env,
    cwd: "/",
  });
  closeSync(log);
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw await startProblem(dir, component.name);
  // `nsenter` forks, since only children are members of the node's processes.
  for (const until = Date.now() + FORK_MS; Date.now() < until; await sleep(5)) {
    const [pid] = await childrenOf(child.pid);
    const process_ = pid === undefined ? undefined : await identify(pid);
    if (process_ !== undefined) {
      await writeFile(pidFile(dir, component.name), JSON.stringify(process_));
      return;
    }
    if (child.exitCode !== null) break;
  }
  throw await startProblem(dir, component.name);
}

/** What is wrong with a process that ended, with the end of its log. */
export async function startProblem(dir: string, name: ComponentName): Promise<Error> {
  const file = logFile(dir, name);
  const said = lastLines(await readFile(file, "utf8").catch(() => ""));
  return toolProblem(`kubernetes ${name}`, `it ended:\n${said}`, `read ${file}, then start again`);
}

async function noted(dir: string, name: ComponentName): Promise<ProcessIdentity | undefined> {
  const text = await readFile(pidFile(dir, name), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ProcessIdentity);
}

/** Whether a process of the node lives. */
export async function isRunning(dir: string, name: ComponentName): Promise<boolean> {
  const process_ = await noted(dir, name);
  return process_ !== undefined && (await isAlive(process_));
}

/** Sends a signal to a process of the node, if it lives. */
export async function signalComponent(
  dir: string,
  name: ComponentName,
  signal: NodeJS.Signals,
): Promise<void> {
  const process_ = await noted(dir, name);
  if (process_ !== undefined) await signalProcess(process_, signal);
}
