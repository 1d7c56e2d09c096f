import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
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
export interface GateRecord {
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

/** The log of one stack: one JSON object per line, each with the hash of the line before it. */
export class History {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  entries(): HistoryEntry[] {
    const file = this.#file();
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line, index) => {
        try {
          return JSON.parse(line) as HistoryEntry;
        } catch {
          throw new Error(`history ${file}: line ${index + 1} is not JSON; it was cut or edited`);
        }
      });
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
    const file = openSync(this.#file(), "a", 0o600);
    try {
      appendFileSync(file, `${JSON.stringify(complete)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#prune();
    return complete;
  }

  /** Releases that can be returned to, newest first, without the one that is live. */
  healthy(): HistoryEntry[] {
    const seen = new Set<string>();
    return this.entries()
      .reverse()
      .filter(({ deployment, release }) => {
        if (!deployment || !release || !existsSync(join(this.directory, deployment.file)))
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
    for (const entry of entries) {
      const { hash, ...body } = entry;
      seq += 1;
      if (entry.seq !== seq)
        problems.push(`entry ${entry.seq}: number ${seq} was expected; an entry is missing`);
      if (entry.previous !== previous)
        problems.push(`entry ${entry.seq}: does not follow the entry before it`);
      if (sha256(body) !== hash) problems.push(`entry ${entry.seq}: its content was changed`);
      if (entry.deployment) {
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

  #keep(seq: number, release: string | null, deployment: unknown) {
    const file = join("releases", `${String(seq).padStart(5, "0")}-${release ?? "none"}.json`);
    const text = JSON.stringify(deployment);
    mkdirSync(join(this.directory, "releases"), { recursive: true, mode: 0o700 });
    writeFileSync(join(this.directory, file), text, { mode: 0o600 });
    return { file, sha256: fileHash(text) };
  }

  /** Only healthy releases count: a row of failed ones pushes none out. Entries and evidence stay for ever. */
  #prune(): void {
    for (const { deployment } of this.healthy().slice(keptDeployments))
      rmSync(join(this.directory, deployment!.file), { force: true });
  }
}

function fileHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
