import type { HistoryEntry } from "../../release/history.ts";
import type { Span } from "../prometheus-queries.ts";
import type { Mark } from "./chart.ts";
import { colour } from "./colours.ts";
import { escaped } from "./html.ts";

const colours: Readonly<Record<HistoryEntry["outcome"], string>> = {
  live: "blue",
  "rolled-back": "red",
  "cleaned-up": "red",
  frozen: "red",
  destroyed: "orange",
};

/** What the history of the stack says of the time that is shown, as marks of every chart. */
export function historyMarks(entries: readonly HistoryEntry[], { from, to }: Span): Mark[] {
  return entries
    .map(({ at, release, outcome }) => ({
      at: Date.parse(at) / 1000,
      text: `${release ?? ""} ${outcome}`.trim(),
      color: colour(colours[outcome]),
    }))
    .filter(({ at }) => at >= from && at <= to);
}

/** Latest entries that are listed. */
const listed = 15;

/** Releases with the verdicts of their gates; empty without a history. Spans the whole width of a page. */
export function historyTable(entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return "";
  const head = ["When", "Release", "Before", "What became of it", "Gates", "Reasons"];
  const rows = [...entries]
    .reverse()
    .slice(0, listed)
    .map((entry) => {
      const gates = entry.gates.map(({ gate, pass }) => `${gate} ${pass ? "passed" : "FAILED"}`);
      return [
        entry.at.slice(0, 19).replace("T", " "),
        entry.release ?? "–",
        entry.from ?? "–",
        entry.operation === "deploy" ? entry.outcome : `${entry.outcome} (${entry.operation})`,
        gates.join(", ") || "–",
        entry.reasons.join("; ") || "–",
      ];
    });
  const cells = (row: readonly string[], tag: "th" | "td") =>
    row.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("");
  return `<section class="panel" data-panel="Releases" data-kind="history" style="grid-column:1/-1;grid-row:auto/span 10"><h2><span class="title">Releases and verdicts of their gates, from the history of the stack</span></h2><div class="body"><div class="scroll"><table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table></div></div></section>`;
}
