import type { AnsweredPanel } from "../answer-dashboard.ts";
import type { Span } from "../prometheus-queries.ts";
import { fontFamily, quiet, type Chart } from "./chart.ts";
import { formatValue } from "./units.ts";

/** More columns could not be told apart. */
const columnsAtMost = 90;

/** Cumulative buckets by `le`, as how many lie in each, over time; only buckets that hold something. */
export function heatmapChart({ panel, answers }: AnsweredPanel, span: Span): Chart {
  const { unit = "none" } = panel.fieldConfig?.defaults ?? {};
  const buckets = answers
    .flatMap(({ series }) => series)
    .map(({ labels, points }) => ({
      le: labels["le"] === "+Inf" ? Infinity : Number(labels["le"]),
      points: new Map(points),
    }))
    .sort((a, b) => a.le - b.le);
  const times = [...new Set(buckets.flatMap(({ points }) => [...points.keys()]))].sort(
    (a, b) => a - b,
  );
  const every = Math.max(1, Math.ceil(times.length / columnsAtMost));
  const columns = times.filter((_, index) => index % every === 0);
  const counts = buckets.map(({ points }, index) =>
    columns.map((at) => {
      const below = index === 0 ? 0 : (buckets[index - 1]?.points.get(at) ?? 0);
      return Math.max(0, (points.get(at) ?? 0) - below);
    }),
  );
  const used = counts.flatMap((row, index) => (row.some((count) => count > 0) ? [index] : []));
  const [lowest = 0, highest = 0] = [used[0], used.at(-1)];
  const shown = buckets.slice(lowest, highest + 1);
  const data = shown.flatMap((_, row) =>
    columns.flatMap((_at, column) => {
      const count = counts[lowest + row]?.[column] ?? 0;
      return count > 0 ? [[column, row, Number(count.toPrecision(4))]] : [];
    }),
  );
  return {
    unit: "short",
    option: {
      animation: false,
      textStyle: { fontFamily },
      grid: { left: 8, right: 14, top: 12, bottom: 8, containLabel: true },
      tooltip: { confine: true },
      xAxis: {
        type: "category",
        data: columns.map((at) => clock(at, span)),
        axisLabel: { color: quiet, fontSize: 11 },
        axisTick: { show: false },
      },
      yAxis: {
        type: "category",
        data: shown.map(({ le }, row) => bound(le, buckets[lowest + row - 1]?.le, unit)),
        axisLabel: { color: quiet, fontSize: 11 },
        axisTick: { show: false },
      },
      visualMap: {
        show: false,
        min: 0,
        max: Math.max(1e-9, ...data.map(([, , count]) => count ?? 0)),
        inRange: { color: ["#1f2a3a", "#2f5b8f", "#5fa8e6", "#f2b14c", "#f6e27a"] },
      },
      series: [{ type: "heatmap", name: panel.title, data, progressive: 0 }],
    },
  };
}

function bound(le: number, below: number | undefined, unit: string): string {
  return le === Infinity ? `> ${formatValue(below ?? 0, unit)}` : `≤ ${formatValue(le, unit)}`;
}

/** In the time zone of whoever looks; the day only where there are several. */
function clock(at: number, { from, to }: Span): string {
  const text = new Date(at * 1000).toISOString();
  return to - from > 86_400 ? text.slice(5, 16).replace("T", " ") : text.slice(11, 16);
}
