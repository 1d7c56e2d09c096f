import type { LoadReport } from "../../../../bench/load/report.ts";
import type { HistoryEntry } from "../../../../infra/release/history.ts";

export interface DrillRow {
  readonly title: string;
  readonly exit: number | undefined;
  /** What the drill added to the history. */
  readonly entries: readonly HistoryEntry[];
  readonly calls: number;
  /** Why calls were lost, one each. */
  readonly lost: readonly string[];
}

/** What the drills measured; seconds, from the timings of the history. */
export class DrillTable {
  readonly #rows: Record<string, string | number>[] = [];

  add({ title, exit, entries, calls, lost }: DrillRow): void {
    const last = entries.at(-1);
    const timings = last?.timings ?? {};
    const seconds = (...phases: readonly string[]): string => {
      const known = phases.filter((phase) => timings[phase] !== undefined);
      const sum = known.reduce((total, phase) => total + timings[phase]!, 0);
      return known.length === 0 ? "" : (sum / 1000).toFixed(1);
    };
    this.#rows.push({
      drill: title,
      exit: exit ?? "signal",
      outcome: entries.map(({ outcome }) => outcome).join(", "),
      prepare: seconds("prepare"),
      gate: seconds("gate"),
      watch: seconds("watch"),
      back: seconds("back"),
      rollback: seconds("rollback"),
      total: seconds("total"),
      calls,
      lost: lost.length,
      why: [...new Set(lost)].join(", "),
    });
    console.info(`drill ${JSON.stringify(this.#rows.at(-1))}`);
  }

  print(load: LoadReport | undefined): void {
    console.table(this.#rows);
    if (!load) return;
    const { sent, ok, moved, lost, lostBy, longestGapMs, generatorLagMs, p50Ms, p99Ms } = load;
    console.info(
      `load: ${sent} calls, ${ok} ok, ${moved} moved, ${lost} lost ${JSON.stringify(lostBy)}; ` +
        `p50 ${p50Ms} ms, p99 ${p99Ms} ms, longest gap ${longestGapMs} ms, generator late by at most ${generatorLagMs} ms`,
    );
  }
}
