import type { AnsweredPanel } from "../answer-dashboard.ts";
import { stateColour } from "./colours.ts";
import { escaped } from "./html.ts";
import { lastValue, seriesName } from "./series-name.ts";
import { formatValue } from "./units.ts";

/** Horizontal bars, the longest as long as the panel is wide unless the panel says what a full one is. */
export function barPanel({ panel, answers }: AnsweredPanel): string {
  const { unit = "none", decimals, thresholds, max } = panel.fieldConfig?.defaults ?? {};
  const bars = answers.flatMap(({ target, series }) =>
    series.flatMap((one) => {
      const value = lastValue(one);
      return value === undefined ? [] : [{ value, name: seriesName(target.legendFormat, one) }];
    }),
  );
  const full = max ?? Math.max(...bars.map(({ value }) => value), 0);
  const rows = bars
    .sort((a, b) => b.value - a.value)
    .map(({ value, name }) => {
      const width = full > 0 ? Math.min(100, (100 * value) / full) : 0;
      const color = stateColour(value, thresholds?.steps ?? []);
      return `<div class="bar"><span class="bar-name" title="${escaped(name)}">${escaped(name)}</span><span class="bar-track"><span class="bar-fill" style="width:${width.toFixed(1)}%;background:${color}"></span></span><span class="bar-value">${escaped(formatValue(value, unit, decimals))}</span></div>`;
    });
  return `<div class="bars">${rows.join("")}</div>`;
}
