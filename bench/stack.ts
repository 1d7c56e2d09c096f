import { spawn } from "node:child_process";
import { join } from "node:path";

/** Root of the project. */
export const rootDir = new URL("..", import.meta.url).pathname.replace(/\/$/, "");

/** Value of `--stack`; default `staging`. */
export function stackOfArguments(args: readonly string[]): string {
  const at = args.indexOf("--stack");
  return (at >= 0 && args[at + 1]) || "staging";
}

export interface Ran {
  readonly stdout: string;
  readonly seconds: number;
}

/** Runs `./fleet <command>`; its progress goes to this terminal. Throws if it fails. */
export async function fleet(command: string, ...args: string[]): Promise<Ran> {
  const started = performance.now();
  const { code, stdout, stderr } = await ended(command, ...args);
  process.stderr.write(stderr);
  if (code !== 0) throw new Error(`./fleet ${command} ended with ${code}`);
  return { stdout, seconds: (performance.now() - started) / 1000 };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `./fleet <command>` to whatever end. */
export function ended(command: string, ...args: string[]): Promise<Ended> {
  return run(join(rootDir, "fleet"), [command, ...args]);
}

/** Runs a program to whatever end. */
export function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Value below which the given share of a list lies; the nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
