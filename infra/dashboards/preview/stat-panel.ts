import type {
  FieldDefaults,
  PanelFile,
} from "../../../components/monitoring/dashboards/read-dashboard.ts";
import type { AnsweredPanel } from "../answer-dashboard.ts";
import type { Series } from "../prometheus-queries.ts";
import { colour, stateColour } from "./colours.ts";
import { escaped } from "./html.ts";
import { lastValue, seriesName } from "./series-name.ts";
import { formatValue } from "./units.ts";

/** Big numbers, each with the course of its last hours below it. */
export function statPanel({ panel, answers }: AnsweredPanel): string {
  const values = answers.flatMap(({ target, series }) =>
    series.flatMap((one) => {
      const value = lastValue(one);
      return value === undefined
        ? []
        : [{ one, value, name: seriesName(target.legendFormat, one) }];
    }),
  );
  const cells = values.map(({ one, value, name }) =>
    statCell(panel, one, value, name, values.length),
  );
  return `<div class="stats">${cells.join("")}</div>`;
}

function statCell(
  panel: PanelFile,
  series: Series,
  value: number,
  name: string,
  of: number,
): string {
  const { options = {}, fieldConfig } = panel;
  const defaults = fieldConfig?.defaults ?? {};
  const { text, color } = shown(value, defaults);
  const textual = options["textMode"] === "name";
  const filled = options["colorMode"] === "background";
  const style = filled ? `background:${color}` : `color:${textual ? "inherit" : color}`;
  const label = of > 1 && !textual && name ? `<span class="stat-name">${escaped(name)}</span>` : "";
  const spark = options["graphMode"] === "area" ? sparkline(series, filled ? "#fff" : color) : "";
  return `<div class="stat${filled ? " filled" : ""}" style="${style}">${label}<span class="stat-value">${escaped(textual ? name : text)}</span>${spark}</div>`;
}

/** Word and colour of a value, by its mapping or else its unit and thresholds. */
export function shown(value: number, defaults: FieldDefaults): { text: string; color: string } {
  const mapped = defaults.mappings?.find(({ type }) => type === "value")?.options[String(value)];
  const color = mapped?.color
    ? colour(mapped.color)
    : stateColour(value, defaults.thresholds?.steps ?? []);
  return {
    text: mapped?.text ?? formatValue(value, defaults.unit ?? "none", defaults.decimals),
    color,
  };
}

/** A line without axes; nothing for a value that never changed. */
function sparkline({ points }: Series, color: string): string {
  const finite = points.filter(([, value]) => Number.isFinite(value));
  const values = finite.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (finite.length < 2 || high === low) return "";
  const [first] = finite[0]!;
  const [last] = finite.at(-1)!;
  const path = finite
    .map(([at, value]) => {
      const x = (100 * (at - first)) / (last - first);
      return `${x.toFixed(1)},${(28 - (26 * (value - low)) / (high - low)).toFixed(1)}`;
    })
    .join(" ");
  return `<svg class="spark" viewBox="0 0 100 30" preserveAspectRatio="none"><polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>`;
}
