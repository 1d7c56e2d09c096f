/** Runs in the page: draws what the program has prepared. */
import { HeatmapChart, LineChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Chart } from "./chart.ts";
import { formatValue } from "./units.ts";

echarts.use([
  ...[LineChart, HeatmapChart, SVGRenderer],
  ...[GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent],
]);

interface Place {
  readonly dataset: Record<string, string | undefined>;
}

/** Of the browser's types only what is used, so that the rest of the project does not get them. */
declare const document: {
  readonly body: Place;
  getElementById(id: string): (Place & { readonly textContent: string | null }) | null;
};
declare function addEventListener(event: "resize", listener: () => void): void;

/** In the time zone of whoever looks; the day only where there are several. */
function timeLabel({ min, max, axisLabel }: Readonly<Record<string, unknown>>): object {
  const days = Number(max) - Number(min) > 86_400_000;
  const formatter = (at: number) => {
    const date = new Date(at);
    const two = (value: number) => String(value).padStart(2, "0");
    const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return days ? `${date.getMonth() + 1}-${two(date.getDate())} ${clock}` : clock;
  };
  return { ...(axisLabel as object), formatter };
}

const charts = JSON.parse(document.getElementById("charts")?.textContent ?? "{}") as Record<
  string,
  Chart
>;
const drawn = Object.entries(charts).map(([id, { option, unit, decimals }]) => {
  const place = document.getElementById(id);
  const chart = echarts.init(place as never, undefined, { renderer: "svg" });
  const print = (value: unknown) =>
    typeof value === "number" ? formatValue(value, unit, decimals) : "–";
  const { xAxis, yAxis, tooltip } = option as Record<string, Record<string, unknown> | undefined>;
  const { axisLabel } = (yAxis ?? {}) as { readonly axisLabel?: object };
  chart.setOption({
    ...option,
    tooltip: { ...tooltip, valueFormatter: print },
    xAxis: xAxis?.["type"] === "time" ? { ...xAxis, axisLabel: timeLabel(xAxis) } : xAxis,
    yAxis: {
      ...yAxis,
      axisLabel: yAxis?.["type"] === "value" ? { ...axisLabel, formatter: print } : axisLabel,
    },
  });
  // One pointer in all charts over time; a heat map counts columns instead.
  if (yAxis?.["type"] === "value") chart.group = "fleet";
  return chart;
});
echarts.connect("fleet");
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
document.body.dataset["drawn"] = String(drawn.length);
