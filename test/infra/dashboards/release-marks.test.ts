import { describe, expect, it } from "vitest";
import { historyMarks, historyTable } from "../../../infra/dashboards/preview/release-marks.ts";
import type { HistoryEntry } from "../../../infra/release/history.ts";

const entry = (seq: number, given: Partial<HistoryEntry>) =>
  ({
    seq,
    at: `2026-11-21T10:0${seq}:00.000Z`,
    operation: "deploy",
    outcome: "live",
    release: `r-${seq}`,
    from: null,
    gates: [],
    reasons: [],
    ...given,
  }) as unknown as HistoryEntry;

const entries = [
  entry(1, {}),
  entry(2, {
    from: "r-1",
    outcome: "rolled-back",
    gates: [
      { gate: "private", pass: true, reasons: [], probes: [] },
      { gate: "public", pass: false, reasons: ["slow"], probes: [] },
    ],
    reasons: ["p95 <above> 200 ms"],
  }),
  entry(3, { operation: "destroy", outcome: "destroyed", release: null }),
];

describe("the history in a preview", () => {
  it("marks what became of releases in the time that is shown", () => {
    const at = (minute: number) => Date.UTC(2026, 10, 21, 10, minute) / 1000;
    const marks = historyMarks(entries, { from: at(1) + 30, to: at(3), step: 15 });
    expect(marks).toEqual([
      { at: at(2), text: "r-2 rolled-back", color: "#d5453f" },
      { at: at(3), text: "destroyed", color: "#d98a1f" },
    ]);
  });

  it("lists the verdicts of gates, the newest release first", () => {
    const cells = [...historyTable(entries).matchAll(/<td>(.*?)<\/td>/g)].map(([, text]) => text);
    expect(cells.slice(6, 12)).toEqual([
      ...["2026-11-21 10:02:00", "r-2", "r-1", "rolled-back"],
      ...["private passed, public FAILED", "p95 &lt;above&gt; 200 ms"],
    ]);
    expect(cells[3]).toBe("destroyed (destroy)");
  });

  it("is not there for a stack without one", () => {
    expect(historyTable([])).toBe("");
  });
});
