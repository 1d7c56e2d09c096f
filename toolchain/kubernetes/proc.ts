import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 20;

/** A process for as long as it lives: numbers are given to others later, so its start is part of who it is. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the machine's start to the process's, and which start of the machine that was. */
  readonly started: string;
}

/** Parent and start of a line of `/proc/PID/stat`; the name in it may hold spaces and parentheses. */
export function parseStat(
  line: string,
): { readonly state: string; readonly parent: number; readonly ticks: string } | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields;
  const ticks = fields[19];
  if (state === undefined || parent === undefined || ticks === undefined) return undefined;
  return { state, parent: Number(parent), ticks };
}

async function stat(pid: number): Promise<ReturnType<typeof parseStat>> {
  const line = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return line === undefined ? undefined : parseStat(line);
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
}

/** Who has this number now; undefined when nobody has it. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const found = await stat(pid);
  return found === undefined ? undefined : { pid, started: `${await bootId()} ${found.ticks}` };
}

/**
 * Whether exactly this process is there and not just waiting for its parent to notice its end. One whose first thread
 * has ended counts as alive while others have not: the last one of a namespace's first process ends all the others.
 */
export async function isAlive({ pid, started }: ProcessIdentity): Promise<boolean> {
  const found = await stat(pid);
  if (found === undefined || started !== `${await bootId()} ${found.ticks}`) return false;
  if (found.state !== "Z") return true;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return threads.length > 1;
}

/** Sends a signal unless the process is gone. */
export async function signalProcess(
  process_: ProcessIdentity,
  signal: NodeJS.Signals,
): Promise<void> {
  if (!(await isAlive(process_))) return;
  try {
    process.kill(process_.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits until a process is gone. False when it still is there after the time. */
export async function waitForEnd(process_: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const until = Date.now() + timeoutMs;
  while (await isAlive(process_)) {
    if (Date.now() > until) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** Processes that a process started itself. */
export async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (pid) => (await stat(pid))?.parent));
  return pids.filter((_, index) => parents[index] === parent);
}
