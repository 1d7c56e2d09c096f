import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Who holds a stack, as the state backend tells it. */
export interface StackLock {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string;
}

/** Reads the lines that the engine prints when the stack is locked; empty if it is not. */
export function parseLocks(message: string): StackLock[] {
  const line = /created by (\S+?)@(\S+) \(pid (\d+)\) at (\S+)/g;
  return [...message.matchAll(line)].map(([, user, host, pid, since]) => ({
    user: user!,
    host: host!,
    pid: Number(pid),
    since: since!,
  }));
}

/** True if the message says that another update holds the stack. */
export function isLocked(message: string): boolean {
  return /stack is currently locked|conflict: Another update is currently in progress/i.test(
    message,
  );
}

/** A lock of this machine whose process is gone: left by a crash, nobody will ever release it. */
export function isStale(
  lock: StackLock,
  isAlive: (pid: number) => boolean = processIsAlive,
): boolean {
  return lock.host === hostname() && !isAlive(lock.pid);
}

/**
 * Whether the engine that took a lock still runs. After a restart of the machine its number soon belongs to another
 * program, and where nothing collects dead processes (some containers) it stays in the table: neither holds anything.
 */
export function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // No permission means that it is there, under another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const status = procStatus(pid);
  if (status === undefined) return true;
  return !/^State:\s+[ZX]/m.test(status) && /^Name:\s+pulumi/m.test(status);
}

/** What Linux says of a process; undefined elsewhere. */
function procStatus(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return undefined;
  }
}

export function describeLocks(locks: readonly StackLock[]): string {
  if (locks.length === 0) return "locked by another run";
  return locks
    .map(
      ({ user, host, pid, since }) => `locked by ${user}@${host} (process ${pid}), since ${since}`,
    )
    .join("; ");
}
