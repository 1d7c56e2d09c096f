import { randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, userInfo } from "node:os";
import { dirname } from "node:path";
import type { Owner } from "./records.ts";

/** One holder per stack across update, gates and rollback; the engine's own lock spans only one operation. */
export interface LeaseHolder extends Owner {
  /** ISO 8601. */
  readonly since: string;
  /** What it does: `update`, `rolling back` ... */
  readonly what: string;
  /** Start of the process in clock ticks: its number may belong to another one later. Empty where unknown. */
  readonly started: string;
  readonly token: string;
}

export class Lease {
  readonly #file: string;
  #holder: LeaseHolder;

  private constructor(file: string, holder: LeaseHolder) {
    this.#file = file;
    this.#holder = holder;
  }

  /**
   * Takes the lease, also from a holder on this machine that no longer runs.
   *
   * @param pid process that holds it; default this one.
   * @param force take it from a holder on another machine.
   * @throws LeaseHeldError if somebody else has it.
   */
  static acquire(
    file: string,
    what: string,
    { pid = process.pid, force = false }: { readonly pid?: number; readonly force?: boolean } = {},
  ): Lease {
    const holder: LeaseHolder = {
      ...owner(pid),
      since: new Date().toISOString(),
      what,
      started: startOf(pid),
      token: randomBytes(8).toString("hex"),
    };
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const own = `${file}.${holder.token}`;
    writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
    try {
      // A link appears whole or not at all, and never over another one.
      for (let attempt = 0; ; attempt += 1) {
        if (linked(own, file)) return new Lease(file, holder);
        const other = readLease(file);
        if (!other) continue;
        if (attempt > 10 || !(isGone(other) || (force && other.host !== hostname()))) {
          throw new LeaseHeldError(other);
        }
        if (replaced(own, file, other)) return new Lease(file, holder);
        // Somebody else is about to replace it.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      }
    } finally {
      rmSync(own, { force: true });
    }
  }

  /**
   * The lease that the process which started this one took in its name.
   *
   * @throws if it does not within 5 s.
   */
  static async held(file: string): Promise<Lease> {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const holder = readLease(file);
      if (holder?.pid === process.pid && holder.host === hostname()) return new Lease(file, holder);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`nobody took the lease ${file} for this process`);
  }

  /** Says what the holder does now. */
  now(what: string): void {
    if (readLease(this.#file)?.token !== this.#holder.token) return;
    this.#holder = { ...this.#holder, what };
    const next = `${this.#file}.${this.#holder.token}`;
    writeFileSync(next, JSON.stringify(this.#holder), { mode: 0o600 });
    renameSync(next, this.#file);
  }

  /** Gives the lease back; without effect if somebody took it by force. */
  release(): void {
    if (readLease(this.#file)?.token === this.#holder.token) rmSync(this.#file, { force: true });
  }
}

export class LeaseHeldError extends Error {
  readonly holder: LeaseHolder;

  constructor(holder: LeaseHolder) {
    super(describeHolder(holder));
    this.name = "LeaseHeldError";
    this.holder = holder;
  }
}

export function describeHolder({ user, host, pid, since, what }: LeaseHolder): string {
  return `locked by ${user}@${host} (process ${pid}, ${what}), since ${since}`;
}

/** Who has the lease; undefined if nobody has. A holder that no longer runs counts as nobody. */
export function leaseHolder(file: string): LeaseHolder | undefined {
  const holder = readLease(file);
  return holder && !isGone(holder) ? holder : undefined;
}

export function owner(pid = process.pid): Owner {
  return { user: userName(), host: hostname(), pid };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A numeric user without an entry in the password file, as in many containers.
    return String(process.getuid?.() ?? "unknown");
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Puts a lease in the place of a dead holder's. The place is never empty in between, and only who has the claim on that
 * one holder may do it: of several who find it dead one succeeds, and none can push out the one who did.
 */
function replaced(own: string, file: string, dead: LeaseHolder): boolean {
  const claim = `${file}.${dead.token}.claim`;
  if (!linked(own, claim)) {
    const claimant = readLease(claim);
    if (!claimant || !isGone(claimant) || !replaced(own, claim, claimant)) return false;
  }
  try {
    if (readLease(file)?.token !== dead.token) return false;
    const next = `${own}.next`;
    linkSync(own, next);
    renameSync(next, file);
    return true;
  } finally {
    rmSync(claim, { force: true });
  }
}

function readLease(file: string): LeaseHolder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as LeaseHolder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`lease ${file} cannot be read: ${(error as Error).message}; remove it`);
  }
}

function isGone({ host, pid, started }: LeaseHolder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // No permission means that it is there, under another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return true;
  }
  return started !== "" && startOf(pid) !== started;
}

/** Start of a process on Linux; a dead one that nobody collected has none. */
function startOf(pid: number): string {
  if (!existsSync("/proc/self/stat")) return "";
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses and may itself contain spaces.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "gone" : (fields[19] ?? "");
  } catch {
    return "gone";
  }
}
