import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasourceUids } from "../grafana.render.ts";
import { normaliseDashboard, refId } from "./normalise.ts";
import type { Section } from "./panel-spec.ts";

/** Columns of Grafana's grid. */
export const gridColumns = 24;

/** On every dashboard: by it they link to each other. */
const commonTag = "mcp-fleet";

const prometheus = { type: "prometheus", uid: datasourceUids.prometheus };

/** A choice above the panels, filled by Prometheus. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(metric, label)`. */
  readonly query: string;
  /** Several values, and all of them by default. */
  readonly several: boolean;
}

/** Marks on every chart, where a series appears. */
export interface Annotation {
  readonly name: string;
  readonly expr: string;
  readonly color: string;
  /** `{{label}}` is replaced. */
  readonly text: string;
  /** Why a healthy fleet has none. */
  readonly emptyWhen: string;
}

export interface DashboardArgs {
  /** Fixed: links and bookmarks hold it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly annotations: readonly Annotation[];
  readonly sections: readonly Section[];
  /**
   * What is shown at first, as Grafana writes it.
   *
   * @default now-6h
   */
  readonly from?: string;
}

/** A dashboard as it is provisioned, and what its file does not say. */
export interface FleetDashboard {
  /** Name of its file. */
  readonly file: string;
  readonly uid: string;
  /** Normalised JSON. */
  readonly content: string;
  /** `title of the panel/refId`, or `annotation/name` -> why it may be without data. */
  readonly emptyWhen: Readonly<Record<string, string>>;
}

/** Lays sections out from left to right and top to bottom, and builds the file. */
export function defineDashboard(args: DashboardArgs): FleetDashboard {
  const builder = new DashboardBuilder(args.title)
    .uid(args.uid)
    .description(args.description)
    .tags([commonTag])
    .timezone("browser")
    .readonly()
    .refresh("30s")
    .time({ from: args.from ?? "now-6h", to: "now" })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder("MCP fleet")
        .type(DashboardLinkType.Dashboards)
        .tags([commonTag])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .variables(args.variables.map(variable))
    .annotations(args.annotations.map(annotation));
  let y = 0;
  for (const { title, panels } of args.sections) {
    builder.withRow(new RowBuilder(title).gridPos({ x: 0, y, w: gridColumns, h: 1 }));
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const { width: w, height: h, builder: panel } of panels) {
      if (x + w > gridColumns) [x, y, lineHeight] = [0, y + lineHeight, 0];
      builder.withPanel(panel.gridPos({ x, y, w, h }));
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  const panels = args.sections.flatMap((section) => section.panels);
  return {
    file: `${args.uid}.json`,
    uid: args.uid,
    content: normaliseDashboard(builder.build()),
    emptyWhen: Object.fromEntries([
      ...panels.flatMap(({ title, queries }) =>
        queries.flatMap(({ emptyWhen }, index) =>
          emptyWhen === undefined ? [] : [[`${title}/${refId(index)}`, emptyWhen]],
        ),
      ),
      ...args.annotations.map(({ name, emptyWhen }) => [`annotation/${name}`, emptyWhen]),
    ]) as Record<string, string>,
  };
}

function variable({ name, label, query, several }: Variable): QueryVariableBuilder {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(prometheus)
    .query(query)
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(several)
    .includeAll(several);
  return several ? builder.current({ text: ["All"], value: ["$__all"] }) : builder;
}

function annotation({ name, expr, color, text }: Annotation): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(prometheus)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .step("60s")
    .titleFormat(name)
    .textFormat(text);
}
