import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { sha256, type Owner } from "./records.ts";

/** How an operation on a stack ended. */
export type Outcome =
  /** The new release is live and proven. */
  | "live"
  /** The release before is live again and proven. */
  | "rolled-back"
  /** A first deployment failed; what it made is gone. */
  | "cleaned-up"
  /** A rollback did not succeed; nothing more is tried by itself. */
  | "frozen"
  /** The stack was destroyed. */
  | "destroyed";

/** What one gate said. */
interface GateRecord {
  readonly gate: string;
  readonly pass: boolean;
  readonly reasons: readonly string[];
  readonly probes: readonly unknown[];
}

export interface HistoryEntry {
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly stack: string;
  readonly operation: "deploy" | "rollback" | "recover" | "destroy";
  readonly outcome: Outcome;
  /** Release that was to become live. */
  readonly release: string | null;
  /** Release that was live before. */
  readonly from: string | null;
  readonly transaction: string | null;
  readonly who: Owner & { readonly ci?: string };
  /** State of the work tree; null outside of one. */
  readonly commit: { readonly sha: string; readonly dirty: boolean } | null;
  /** Steps of the engine: `create` -> 12. */
  readonly changes: Readonly<Record<string, number>>;
  /** What changed: `update docker:index/container:Container name`. */
  readonly steps: readonly string[];
  readonly gates: readonly GateRecord[];
  readonly reasons: readonly string[];
  /** Milliseconds per phase. */
  readonly timings: Readonly<Record<string, number>>;
  /** Kept deployment, for returning to it; only of releases that became live. */
  readonly deployment?: { readonly file: string; readonly sha256: string };
  /** Folder with logs and answers, relative to the history. */
  readonly evidence?: string;
  /** Hash of the entry before; null for the first. */
  readonly previous: string | null;
  /** SHA-256 of everything above. */
  readonly hash: string;
}

export type NewEntry = Omit<HistoryEntry, "seq" | "at" | "previous" | "hash" | "deployment">;

/** Deployments of healthy releases that are kept to return to. */
const keptDeployments = 10;
const releasesFolder = "releases";

/** The log of one stack: one JSON object per line, each with the hash of the line before it. */
export class History {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Entries that can be read; `verify` tells of lines that cannot. Nothing here keeps a rollback from its work. */
  entries(): HistoryEntry[] {
    return this.#lines().flatMap(({ entry }) => entry ?? []);
  }

  /** Hash of the last entry; null if there is none. */
  head(): string | null {
    return this.entries().at(-1)?.hash ?? null;
  }

  /**
   * Adds an entry, on disk when this returns.
   *
   * @param deployment exported deployment of the release that became live, secrets encrypted.
   */
  append(entry: NewEntry, deployment?: unknown): HistoryEntry {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.#mend();
    const last = this.entries().at(-1);
    const seq = (last?.seq ?? 0) + 1;
    const kept = deployment === undefined ? undefined : this.#keep(seq, entry.release, deployment);
    const body = {
      ...entry,
      seq,
      at: new Date().toISOString(),
      ...(kept && { deployment: kept }),
      previous: last?.hash ?? null,
    };
    const complete: HistoryEntry = { ...body, hash: sha256(body) };
    writeDurably(this.#file(), "a", `${JSON.stringify(complete)}\n`);
    this.#prune();
    return complete;
  }

  /** Releases whose deployment is kept, newest first, the live one among them; of one release the newest entry. */
  healthy(): HistoryEntry[] {
    const seen = new Set<string>();
    return this.entries()
      .reverse()
      .filter(({ deployment, release }) => {
        if (!deployment?.file || !release || !existsSync(join(this.directory, deployment.file)))
          return false;
        if (seen.has(release)) return false;
        seen.add(release);
        return true;
      });
  }

  /** The kept deployment of an entry. @throws if it was edited. */
  deploymentOf({ deployment, release }: HistoryEntry): unknown {
    if (!deployment) throw new Error(`release ${release ?? "?"}: its deployment was not kept`);
    const text = readFileSync(join(this.directory, deployment.file), "utf8");
    if (fileHash(text) !== deployment.sha256)
      throw new Error(`release ${release ?? "?"}: ${deployment.file} was edited`);
    return JSON.parse(text);
  }

  /**
   * Every edit that shows: changed, removed or reordered entries, changed files, and a tail that is missing.
   *
   * @param head hash that the state's journal knows of the history.
   */
  verify(head: string | null): string[] {
    const problems: string[] = [];
    let previous: string | null = null;
    let seq = 0;
    const entries = this.entries();
    for (const { number, entry } of this.#lines()) {
      if (!entry) {
        problems.push(`line ${number}: not JSON; it was cut or edited`);
        continue;
      }
      const { hash, ...body } = entry;
      seq += 1;
      if (entry.seq !== seq)
        problems.push(`entry ${entry.seq}: number ${seq} was expected; an entry is missing`);
      if (entry.previous !== previous)
        problems.push(`entry ${entry.seq}: does not follow the entry before it`);
      if (sha256(body) !== hash) {
        problems.push(`entry ${entry.seq}: its content was changed`);
      } else if (entry.deployment) {
        const path = join(this.directory, entry.deployment.file);
        if (existsSync(path) && fileHash(readFileSync(path, "utf8")) !== entry.deployment.sha256)
          problems.push(`entry ${entry.seq}: ${entry.deployment.file} was changed`);
      }
      previous = hash;
      seq = entry.seq;
    }
    if (head !== null && !entries.some(({ hash }) => hash === head))
      problems.push("the stack's state knows an entry that is not there: the end was cut off");
    return problems;
  }

  #file(): string {
    return join(this.directory, "history.jsonl");
  }

  /** Lines that are not empty, numbered as in the file. An end that a killed process left half written is none. */
  #lines(): { readonly number: number; readonly entry: HistoryEntry | undefined }[] {
    const { whole, torn } = this.#text();
    const ended = torn !== "" && isWhole(torn) ? `${whole}${torn}` : whole;
    return ended.split("\n").flatMap((line, index) => {
      if (line === "") return [];
      return [{ number: index + 1, entry: parsed(line) }];
    });
  }

  /** The log up to its last line break, and what follows it. */
  #text(): { readonly whole: string; readonly torn: string } {
    const file = this.#file();
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const end = text.lastIndexOf("\n") + 1;
    return { whole: text.slice(0, end), torn: text.slice(end) };
  }

  /**
   * Ends a log whose last line has no end: a process was killed while it wrote. A whole entry gets its line break, a
   * part of one moves to a `.torn` file. Only before an append: whoever merely reads may be looking at a line that is
   * being written.
   */
  #mend(): void {
    const { whole, torn } = this.#text();
    if (torn === "") return;
    if (isWhole(torn)) {
      writeDurably(this.#file(), "a", "\n");
      return;
    }
    writeDurably(`${this.#file()}.torn`, "a", `${torn}\n`);
    truncateSync(this.#file(), Buffer.byteLength(whole));
  }

  #keep(seq: number, release: string | null, deployment: unknown) {
    const file = join(releasesFolder, `${String(seq).padStart(5, "0")}-${release ?? "none"}.json`);
    const text = JSON.stringify(deployment);
    mkdirSync(join(this.directory, releasesFolder), { recursive: true, mode: 0o700 });
    writeDurably(join(this.directory, file), "w", text);
    return { file, sha256: fileHash(text) };
  }

  /**
   * Only healthy releases count: a row of failed ones pushes none out. What an entry no longer needs goes, and what a
   * killed process wrote without an entry. Entries and evidence stay for ever.
   */
  #prune(): void {
    const folder = join(this.directory, releasesFolder);
    if (!existsSync(folder)) return;
    const kept = new Set(
      this.healthy()
        .slice(0, keptDeployments)
        .map(({ deployment }) => deployment!.file),
    );
    for (const name of readdirSync(folder)) {
      if (!kept.has(join(releasesFolder, name))) rmSync(join(folder, name), { force: true });
    }
  }
}

function parsed(line: string): HistoryEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === "object" ? (value as HistoryEntry) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a line is an entry from its first to its last character. */
function isWhole(line: string): boolean {
  const entry = parsed(line);
  if (!entry) return false;
  const { hash, ...body } = entry;
  return sha256(body) === hash;
}

/** Writes to the disk, not only to the system's memory; readable by this user alone. */
function writeDurably(path: string, flag: "a" | "w", text: string): void {
  const file = openSync(path, flag, 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function fileHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
