import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import * as common from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type ValueMap,
} from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmap from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { datasourceUids } from "../grafana.render.ts";
import type { Limit, PanelArgs, PanelSpec, Query } from "./panel-spec.ts";
import { alertsOf, thresholds } from "./thresholds.ts";

const prometheus = { type: "prometheus", uid: datasourceUids.prometheus };

/** Builders of all kinds of panels have these in common. */
type AnyBuilder =
  | timeseries.PanelBuilder
  | stat.PanelBuilder
  | table.PanelBuilder
  | bargauge.PanelBuilder
  | heatmap.PanelBuilder;

type Words = Readonly<Record<number, { readonly text: string; readonly color: string }>>;

function mappings(words: Words): ValueMap[] {
  const entries = Object.entries(words);
  return [
    {
      type: MappingType.ValueToText,
      options: Object.fromEntries(
        entries.map(([value, word], index) => [value, { ...word, index }]),
      ),
    },
  ];
}

/** Lines over time; thresholds are dashed lines. */
export function timeSeries(
  args: PanelArgs & {
    /** Parts of a whole, one on top of the other. */
    readonly stacked?: boolean;
  },
): PanelSpec {
  const builder = new timeseries.PanelBuilder()
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .placement(common.LegendPlacement.Bottom)
        .displayMode(common.LegendDisplayMode.List),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    )
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(args.stacked ? 1 : 2)
    .fillOpacity(args.stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    // A missed scrape is no gap; a part that is down is one.
    .spanNulls(90_000)
    .thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(
        args.limit ? common.GraphThresholdsStyleMode.Dashed : common.GraphThresholdsStyleMode.Off,
      ),
    );
  if (args.stacked) {
    builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  }
  return panel(builder, { height: 8, ...args }, (query) => query.range());
}

/** Single numbers, coloured by their thresholds. */
export function bigNumber(
  args: PanelArgs & {
    /** Background instead of the number only: for what has to be seen first. */
    readonly prominent?: boolean;
    /** Number -> word and colour. */
    readonly words?: Words;
    /** Shows the name of the series; its value means nothing. */
    readonly text?: boolean;
  },
): PanelSpec {
  const builder = new stat.PanelBuilder()
    .reduceOptions(lastValue())
    .colorMode(
      args.prominent ? common.BigValueColorMode.Background : common.BigValueColorMode.Value,
    )
    .graphMode(args.text ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
    .textMode(args.text ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto);
  if (args.words) builder.mappings(mappings(args.words));
  // Over a range, names of the past would stand beside that of now.
  return panel(builder, { height: 4, ...args }, (query) =>
    args.text ? query.instant() : query.range(),
  );
}

/** Values of now side by side, as bars. */
export function bars(args: PanelArgs): PanelSpec {
  const builder = new bargauge.PanelBuilder()
    .reduceOptions(lastValue())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .showUnfilled(true);
  return panel(builder, { height: 8, ...args }, (query) => query.instant());
}

/** What a column of a table shows. */
export interface Column {
  /** Label of the series, or `Value` for its number; `Value #A` where there are several queries. */
  readonly field: string;
  readonly title: string;
  readonly unit?: PanelArgs["unit"];
  readonly decimals?: number;
  /** Colours the cell. */
  readonly limit?: Limit;
  readonly words?: Words;
  readonly drillDown?: PanelArgs["drillDown"];
}

/** Rows of now; only the columns that are named, in their order. */
export function rows(args: PanelArgs & { readonly columns: readonly Column[] }): PanelSpec {
  const shown = args.columns.map(({ field }) => field);
  const builder = new table.PanelBuilder().cellHeight(common.TableCellHeight.Sm).transformations([
    ...(args.queries.length > 1 ? [{ id: "merge", options: {} }] : []),
    {
      id: "organize",
      options: {
        indexByName: Object.fromEntries(shown.map((field, index) => [field, index])),
        renameByName: Object.fromEntries(args.columns.map(({ field, title }) => [field, title])),
        includeByName: Object.fromEntries(shown.map((field) => [field, true])),
      },
    },
  ]);
  for (const column of args.columns) {
    builder.overrideByName(column.title, columnProperties(column));
  }
  return panel(builder, { height: 8, ...args }, (query) =>
    query.instant().format(PromQueryFormat.Table),
  );
}

function columnProperties({ unit, decimals, limit, words, drillDown }: Column) {
  return [
    ...(unit ? [{ id: "unit", value: unit }] : []),
    ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
    ...(words ? [{ id: "mappings", value: mappings(words) }] : []),
    ...(drillDown
      ? [{ id: "links", value: [link(drillDown.title, drillDown.url, false).build()] }]
      : []),
    ...(limit
      ? [
          { id: "thresholds", value: thresholds(limit).build() },
          { id: "custom.cellOptions", value: { type: "color-background", mode: "basic" } },
        ]
      : []),
  ];
}

/** Distribution over time; the query gives cumulative buckets by `le`. */
export function distribution(args: PanelArgs): PanelSpec {
  const builder = new heatmap.PanelBuilder()
    .calculate(false)
    .yAxis(new heatmap.YAxisConfigBuilder().unit(args.unit))
    .showLegend();
  return panel(builder, { height: 9, ...args }, (query) =>
    query.range().format(PromQueryFormat.Heatmap),
  );
}

function lastValue(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false);
}

/** What every panel has: data source, queries, unit, description, thresholds, links. */
function panel(
  builder: AnyBuilder,
  args: PanelArgs & { readonly height: number },
  shape: (query: DataqueryBuilder) => DataqueryBuilder,
): PanelSpec {
  const columns = "columns" in args ? (args.columns as readonly Column[]) : [];
  const alerts = [args.limit, ...columns.map(({ limit }) => limit)].flatMap(alertsOf);
  const runbooks = new Map(
    [...alerts, ...(args.alerts ?? [])].map(({ name, runbook }) => [name, runbook]),
  );
  const [linked, named] = [true, false].map((isUrl) =>
    [...runbooks].filter(([, address]) => /^https?:/.test(address) === isUrl),
  ) as [[string, string][], [string, string][]];
  // A path in the repository is no address for a browser: it is named instead.
  const description = [
    args.description,
    ...(named.length > 0 ? [`Runbooks: ${named.map(([, path]) => path).join(", ")}`] : []),
  ].join("\n\n");
  builder
    .title(args.title)
    .description(description)
    .datasource(prometheus)
    .unit(args.unit)
    .thresholds(thresholds(args.limit))
    .targets(args.queries.map((query) => shape(target(query))));
  if (args.decimals !== undefined) builder.decimals(args.decimals);
  if (args.min !== undefined) builder.min(args.min);
  if (args.max !== undefined) builder.max(args.max);
  if (linked.length > 0) {
    builder.links(linked.map(([name, url]) => link(`Runbook: ${name}`, url, true)));
  }
  if (args.drillDown) builder.dataLinks([link(args.drillDown.title, args.drillDown.url, false)]);
  return {
    title: args.title,
    width: args.width,
    height: args.height,
    builder: builder,
    queries: args.queries,
  };
}

function target({ expr, legend }: Query): DataqueryBuilder {
  return new DataqueryBuilder().datasource(prometheus).expr(expr).legendFormat(legend);
}

function link(title: string, url: string, elsewhere: boolean): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(url)
    .targetBlank(elsewhere);
}
