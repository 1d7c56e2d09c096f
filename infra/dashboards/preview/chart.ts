import type { PanelFile } from "../../../components/monitoring/dashboards/read-dashboard.ts";
import type { AnsweredPanel } from "../answer-dashboard.ts";
import type { Span } from "../prometheus-queries.ts";
import { lines, seriesColours } from "./colours.ts";
import { seriesName } from "./series-name.ts";
import { formatValue } from "./units.ts";

/** A moment that every chart marks. */
export interface Mark {
  /** Seconds since 1970. */
  readonly at: number;
  readonly text: string;
  readonly color: string;
}

/** What the page hands to the chart library: an option, and the unit of its numbers. */
export interface Chart {
  readonly option: Readonly<Record<string, unknown>>;
  readonly unit: string;
  readonly decimals?: number;
}

/** Named, because the library measures texts by it. */
export const fontFamily = 'system-ui, "DejaVu Sans", sans-serif';
export const quiet = "#8b93a1";
const grid = "#2c323c";

/** Lines over time, with thresholds and marks. */
export function lineChart(answered: AnsweredPanel, span: Span, marks: readonly Mark[]): Chart {
  const { panel } = answered;
  const defaults = panel.fieldConfig?.defaults ?? {};
  const { unit = "none", decimals } = defaults;
  const stacked = isStacked(panel);
  const all = answered.answers.flatMap(({ target, series }) =>
    series.map((one) => ({
      name: seriesName(target.legendFormat, one) || "value",
      points: onGrid(one.points, span, stacked),
    })),
  );
  const limits = lines(defaults);
  const highest = Math.max(
    0,
    ...all.flatMap(({ points }) => points.map(([, value]) => value ?? 0)),
  );
  // A threshold far above what is measured would press all lines to the ground; it is named in the title instead.
  const near = limits.filter(({ value }) => !stacked && value <= highest * 4);
  // Lines that lie on the ground show how far it is to the first threshold.
  const shown = highest === 0 && !stacked ? limits.slice(0, 1) : near;
  const top = Math.max(0, ...shown.map(({ value }) => value * 1.1));
  return {
    unit,
    ...(decimals !== undefined && { decimals }),
    option: {
      animation: false,
      color: seriesColours,
      textStyle: { fontFamily },
      grid: { left: 8, right: 14, top: 12, bottom: 30, containLabel: true },
      tooltip: { trigger: "axis", confine: true, order: "valueDesc" },
      legend: {
        type: "scroll",
        bottom: 0,
        left: 0,
        itemWidth: 9,
        itemHeight: 9,
        icon: "roundRect",
        textStyle: { color: quiet, fontSize: 11, fontFamily },
      },
      xAxis: {
        type: "time",
        min: span.from * 1000,
        max: span.to * 1000,
        axisLabel: { color: quiet, fontSize: 11, hideOverlap: true },
        axisLine: { lineStyle: { color: grid } },
        splitLine: { show: false },
      },
      yAxis: {
        type: "value",
        scale: defaults.min === undefined,
        ...(defaults.min !== undefined && { min: defaults.min }),
        ...(defaults.max === undefined ? top > highest && { max: top } : { max: defaults.max }),
        axisLabel: { color: quiet, fontSize: 11 },
        splitLine: { lineStyle: { color: grid } },
      },
      series: all.map(({ name, points }, index) => ({
        type: "line",
        name,
        data: points.map(([at, value]) => [at * 1000, value]),
        showSymbol: points.filter(([, value]) => value !== null).length < 2,
        symbolSize: 5,
        lineStyle: { width: stacked ? 1 : 1.8 },
        areaStyle: { opacity: stacked ? 0.45 : 0.06 },
        ...(stacked && { stack: "all" }),
        ...(index === 0 && {
          markLine: markLine([
            ...shown.map((limit) => limitLine(limit, unit)),
            ...inRows(marks, span, panel.gridPos?.w ?? 24).map(moment),
          ]),
        }),
      })),
    },
  };
}

function isStacked({ fieldConfig }: PanelFile): boolean {
  const { stacking } = (fieldConfig?.defaults.custom ?? {}) as { stacking?: { mode?: string } };
  return stacking?.mode === "normal";
}

function markLine(data: readonly object[]) {
  return { silent: true, symbol: "none", animation: false, data };
}

function limitLine({ value, color }: { value: number; color: string }, unit: string) {
  return {
    yAxis: value,
    lineStyle: { color, type: "dashed", width: 1.2 },
    label: { formatter: formatValue(value, unit), position: "insideEndTop", color, fontSize: 10 },
  };
}

/** Rows of labels below the upper edge, and the columns of a page that a label takes: `r-0123456789 rolled-back`. */
const labelRows = 4;
const labelColumns = 2.2;

interface LabelledMark extends Mark {
  /** Counted from the top; undefined: there is no room for a label. */
  readonly row: number | undefined;
  /** On which side of its line the label is. */
  readonly side: "left" | "right";
}

/**
 * Marks in order of time, each in the first row that has room for its label.
 *
 * @param columns width of the chart, of the 24 of a page.
 */
export function inRows(
  marks: readonly Mark[],
  { from, to }: Pick<Span, "from" | "to">,
  columns: number,
): readonly LabelledMark[] {
  const width = (to - from) * Math.min(labelColumns / columns, 1);
  const takenUntil = Array.from({ length: labelRows }, () => -Infinity);
  return [...marks]
    .sort((a, b) => a.at - b.at)
    .map((mark) => {
      const side = mark.at + width <= to ? "right" : "left";
      const begin = side === "right" ? mark.at : mark.at - width;
      const row = takenUntil.findIndex((until) => begin >= until);
      if (row === -1) return { ...mark, side, row: undefined };
      takenUntil[row] = begin + width;
      return { ...mark, side, row };
    });
}

function moment({ at, text, color, row, side }: LabelledMark) {
  const label = { formatter: text, position: "insideEndTop", rotate: 0, color, fontSize: 10 };
  const [align, beside] = side === "right" ? ["left", -4] : ["right", 4];
  return {
    xAxis: at * 1000,
    lineStyle: { color, type: "dotted", width: 1.5 },
    label:
      row === undefined ? { show: false } : { ...label, align, distance: [beside, -4 - row * 12] },
  };
}

/** A point for every step: none where a series has a hole, zero where it is a part of a stack. */
function onGrid(
  points: readonly (readonly [number, number])[],
  { from, to, step }: Span,
  stacked: boolean,
): (readonly [number, number | null])[] {
  const known = new Map(points.map(([at, value]) => [Math.round((at - from) / step), value]));
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => {
    const value = known.get(index);
    const missing = value === undefined || !Number.isFinite(value);
    return [from + index * step, missing ? (stacked ? 0 : null) : value] as const;
  });
}
