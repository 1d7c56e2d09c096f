import { quantile } from "../stack.ts";
import type { Outcome } from "./clients.ts";

export type LoadMode = "stateless" | "sessions";

/** One call. Times in ms since the start of the load. */
export interface CallRecord {
  readonly target: string;
  readonly mode: LoadMode;
  /** When it was due. */
  readonly at: number;
  /** From then until it was over. */
  readonly ms: number;
  readonly outcome: Outcome;
}

interface LoadCounts {
  readonly sent: number;
  readonly ok: number;
  /** Answered after its session had been opened anew. */
  readonly moved: number;
  readonly lost: number;
  /** Reason -> number of lost calls. */
  readonly lostBy: Readonly<Record<string, number>>;
}

export interface LoadReport extends LoadCounts {
  readonly seconds: number;
  /** Calls per second that were really sent. */
  readonly rate: number;
  /** Of calls that were answered, a repeated one counted as a whole. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Longest time in which no call at all was answered. */
  readonly longestGapMs: number;
  /** The same for the one server that it was longest for. */
  readonly longestGapOfOneMs: number;
  readonly sessionsOpened: number;
  /** Opened again because the session before was gone. */
  readonly sessionsReopened: number;
  /** How late the generator itself was at worst: above a few dozen ms the machine, not the fleet, was slow. */
  readonly generatorLagMs: number;
  readonly byMode: Readonly<Partial<Record<LoadMode, LoadCounts>>>;
  readonly byTarget: Readonly<Record<string, LoadCounts>>;
}

export interface LoadTotals {
  readonly seconds: number;
  readonly sessionsOpened: number;
  readonly sessionsReopened: number;
  readonly generatorLagMs: number;
}

export function reportOf(records: readonly CallRecord[], totals: LoadTotals): LoadReport {
  const answered = records.filter(({ outcome }) => outcome.kind !== "lost");
  const times = answered.map(({ ms }) => ms);
  const gaps = [...groups(records, ({ target }) => target).values()].map((own) =>
    longestGap(own, totals.seconds),
  );
  return {
    ...countsOf(records),
    ...totals,
    rate: round(records.length / totals.seconds),
    p50Ms: round(quantile(times, 0.5)),
    p99Ms: round(quantile(times, 0.99)),
    maxMs: round(times.reduce((a, b) => Math.max(a, b), 0)),
    longestGapMs: longestGap(records, totals.seconds),
    longestGapOfOneMs: gaps.reduce((a, b) => Math.max(a, b), 0),
    byMode: countsBy(records, ({ mode }) => mode),
    byTarget: countsBy(records, ({ target }) => target),
  };
}

function countsOf(records: readonly CallRecord[]): LoadCounts {
  const count = (kind: Outcome["kind"]): number =>
    records.filter(({ outcome }) => outcome.kind === kind).length;
  const lostBy: Record<string, number> = {};
  for (const { outcome } of records) {
    if (outcome.kind !== "lost") continue;
    const reason = outcome.reason ?? "unknown";
    lostBy[reason] = (lostBy[reason] ?? 0) + 1;
  }
  return {
    sent: records.length,
    ok: count("ok"),
    moved: count("moved"),
    lost: count("lost"),
    lostBy,
  };
}

/** Longest time without a success, ends of the load included, ms. */
function longestGap(records: readonly CallRecord[], seconds: number): number {
  const ends = records
    .filter(({ outcome }) => outcome.kind !== "lost")
    .map(({ at, ms }) => at + ms)
    .sort((a, b) => a - b);
  let longest = 0;
  let last = 0;
  for (const end of [...ends, Math.max(seconds * 1000, ends.at(-1) ?? 0)]) {
    longest = Math.max(longest, end - last);
    last = end;
  }
  return round(longest);
}

function groups<T>(all: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const item of all) {
    const own = found.get(key(item));
    if (own) own.push(item);
    else found.set(key(item), [item]);
  }
  return found;
}

function countsBy(
  records: readonly CallRecord[],
  key: (record: CallRecord) => string,
): Record<string, LoadCounts> {
  return Object.fromEntries([...groups(records, key)].map(([name, own]) => [name, countsOf(own)]));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
