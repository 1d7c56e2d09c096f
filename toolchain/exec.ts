import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";

export interface ExecOptions {
  /** Hard limit in milliseconds; then the whole process group is killed. */
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Everything that is printed goes here too, as it comes. */
  readonly logFile?: string;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that was not found, failed, or was killed at its time limit; the message ends with its last lines. */
class ExecError extends Error {
  override readonly name = "ExecError";
  readonly stderr: string;

  constructor(message: string, stderr = "") {
    super(message);
    this.stderr = stderr;
  }
}

const KEPT_BYTES = 1_000_000;
const SHOWN_LINES = 12;

const running = new Set<ChildProcess>();

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

/**
 * Commands run in groups of their own, so that a time limit ends compilers and helpers too. The terminal's
 * Ctrl-C does not reach such groups: it is passed on here, for as long as a command runs.
 */
function onSignal(signal: NodeJS.Signals): void {
  for (const child of running) killGroup(child);
  running.clear();
  forgetSignals();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function forgetSignals(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function track(child: ChildProcess): void {
  if (running.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  running.add(child);
}

function untrack(child: ChildProcess): void {
  running.delete(child);
  if (running.size === 0) forgetSignals();
}

/** The last lines of an output, indented, for error messages. */
export function lastLines(text: string, count = SHOWN_LINES): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines
    .slice(-count)
    .map((line) => `    ${line.trimEnd()}`)
    .join("\n");
}

/** Keeps the end of what a stream says, as much as an error message or a parser may need. */
function collect(stream: Readable | null): () => string {
  let kept = "";
  stream?.setEncoding("utf8").on("data", (chunk: string) => {
    kept = (kept + chunk).slice(-KEPT_BYTES);
  });
  return () => kept;
}

interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<ExecResult>;
}

function start(
  command: string,
  args: readonly string[],
  options: ExecOptions,
  capture: boolean,
): Started {
  const shown = [command, ...args].join(" ");
  const began = Date.now();
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  track(child);
  const stdout = capture ? collect(child.stdout) : () => "";
  const stderr = collect(child.stderr);
  if (options.logFile !== undefined) {
    const log = createWriteStream(options.logFile, { flags: "a" });
    log.on("error", () => undefined);
    if (capture) child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    child.on("close", () => log.end());
  }
  const done = new Promise<ExecResult>((resolve, reject) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child);
      // A grandchild in a session of its own may hold the pipes open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, options.timeoutMs);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      untrack(child);
      outcome();
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "not found on PATH" : error.message;
      settle(() => reject(new ExecError(`${command}: ${why}`)));
    });
    child.on("close", (code, signal) => {
      settle(() => {
        if (code === 0 && !timedOut) {
          resolve({ stdout: stdout(), stderr: stderr() });
          return;
        }
        const seconds = ((Date.now() - began) / 1000).toFixed(1);
        const why = timedOut
          ? `had no result after ${seconds} s and was stopped`
          : `failed (${code === null ? `signal ${String(signal)}` : `exit ${code}`}) after ${seconds} s`;
        const said = lastLines(`${stdout()}\n${stderr()}`);
        reject(new ExecError(`${shown} ${why}${said === "" ? "" : `\n${said}`}`, stderr()));
      });
    });
  });
  return { child, done };
}

/** Runs a command without a shell; rejects with an `ExecError` unless it exits 0 in time. */
export function exec(
  command: string,
  args: readonly string[],
  options: ExecOptions,
): Promise<ExecResult> {
  return start(command, args, options, true).done;
}

/** Like `exec`, but undefined instead of an `ExecError`: for questions whose failure is an answer. */
export async function ask(
  command: string,
  args: readonly string[],
  options: ExecOptions,
): Promise<ExecResult | undefined> {
  try {
    return await exec(command, args, options);
  } catch (error) {
    if (error instanceof ExecError) return undefined;
    throw error;
  }
}

/** Runs a command whose standard output is a stream of bytes for the caller; await `done` for its verdict. */
export function execStream(
  command: string,
  args: readonly string[],
  options: ExecOptions,
): { readonly stdout: Readable; readonly done: Promise<void> } {
  const { child, done } = start(command, args, options, false);
  if (child.stdout === null) throw new ExecError(`${command}: has no standard output`);
  return { stdout: child.stdout, done: done.then(() => undefined) };
}
