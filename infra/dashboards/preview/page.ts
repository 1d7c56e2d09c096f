import type {
  FieldDefaults,
  PanelFile,
} from "../../../components/monitoring/dashboards/read-dashboard.ts";
import type { AnsweredDashboard, AnsweredPanel } from "../answer-dashboard.ts";
import { hasData } from "../missing-data.ts";
import type { Span } from "../prometheus-queries.ts";
import { barPanel } from "./bar-panel.ts";
import { lineChart, type Chart, type Mark } from "./chart.ts";
import { colour, lines } from "./colours.ts";
import { heatmapChart } from "./heatmap-chart.ts";
import { embedded, escaped } from "./html.ts";
import { statPanel } from "./stat-panel.ts";
import { style } from "./style.ts";
import { tablePanel, type Addresses } from "./table-panel.ts";
import { formatValue } from "./units.ts";

export interface PageArgs {
  readonly answered: AnsweredDashboard;
  /** `title of the panel/refId` -> why it may be without data. */
  readonly emptyWhen: Readonly<Record<string, string>>;
  readonly span: Span;
  /** Moments to mark instead of those that Prometheus knows of; none: those. */
  readonly marks: readonly Mark[];
  /** What is looked at: name of the stack, address of Prometheus. */
  readonly facts: readonly string[];
  /** Other pages: title -> file. */
  readonly pages: readonly {
    readonly title: string;
    readonly file: string;
    readonly here: boolean;
  }[];
  readonly addresses: Addresses;
  /** Result of `bundleScript`. */
  readonly script: string;
  /** Further HTML below the panels. */
  readonly below?: string;
}

/** One dashboard as a page that needs nothing else: data, style and script are in it. */
export function renderPage(args: PageArgs): string {
  const { answered, facts, pages } = args;
  const { title = "", description = "" } = answered.dashboard;
  const charts: Record<string, Chart> = {};
  // The history knows more: which release, and what became of it.
  const marks = args.marks.length > 0 ? args.marks : marksOf(answered);
  const panels = answered.panels.map((panel) => panelHtml(panel, args, marks, charts));
  const chosen = Object.entries(answered.variables)
    .filter(([, values]) => values.length === 1)
    .map(([, values]) => values[0]!);
  const nav = pages.map(
    ({ title: name, file, here }) =>
      `<a href="${escaped(file)}"${here ? " class=here" : ""}>${escaped(name)}</a>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped([title, ...chosen].join(": "))} (preview)</title>
<style>${style}</style>
</head>
<body>
<header>
<div class="line"><h1>${escaped([title, ...chosen].join(": "))}</h1><span class="notice">Preview drawn by ./fleet dashboards. This is not Grafana.</span><span class="facts">${facts.map(escaped).join(" · ")}</span></div>
<div class="about">${escaped(description)}</div>
<nav>${nav.join("")}</nav>
</header>
<main>
${panels.join("\n")}
${args.below ?? ""}
</main>
<script type="application/json" id="charts">${embedded(charts)}</script>
<script>${args.script}</script>
</body>
</html>
`;
}

/** Moments at which an annotation's series begin; Grafana draws those that follow each other as one. */
function marksOf({ annotations }: AnsweredDashboard): Mark[] {
  return annotations.flatMap(({ annotation, series }) =>
    series.flatMap(({ points }) =>
      points.slice(0, 1).map(([at]) => ({
        at,
        text: annotation.name,
        color: colour(annotation.iconColor),
      })),
    ),
  );
}

function panelHtml(
  answered: AnsweredPanel,
  args: PageArgs,
  marks: readonly Mark[],
  charts: Record<string, Chart>,
): string {
  const { panel, answers } = answered;
  const { id = 0, title = "", type, gridPos: at = { x: 0, y: 0, w: 24, h: 8 } } = panel;
  const place = `grid-column:${at.x + 1}/span ${at.w};grid-row:${at.y + 1}/span ${at.h}`;
  const filled = fill(title, args.answered.variables);
  if (type === "row") return `<div class="row" style="${place}">${escaped(filled)}</div>`;
  const full = answers.some(({ series }) => hasData(series));
  const chart = full ? chartOf(answered, args.span, marks) : undefined;
  if (chart) charts[`panel-${id}`] = chart;
  const body = !full
    ? emptyBody(answered, args.emptyWhen)
    : chart
      ? `<div class="chart" id="panel-${id}"></div>`
      : drawnBody(answered, args.addresses);
  return `<section class="panel" data-panel="${escaped(title)}" data-kind="${type}" style="${place}"><h2><span class="title" title="${escaped(panel.description ?? "")}">${escaped(filled)}</span>${side(panel)}</h2><div class="body">${body}</div></section>`;
}

function chartOf(answered: AnsweredPanel, span: Span, marks: readonly Mark[]): Chart | undefined {
  if (answered.panel.type === "timeseries") return lineChart(answered, span, marks);
  return answered.panel.type === "heatmap" ? heatmapChart(answered, span) : undefined;
}

function drawnBody(answered: AnsweredPanel, addresses: Addresses): string {
  switch (answered.panel.type) {
    case "stat":
      return statPanel(answered);
    case "bargauge":
      return barPanel(answered);
    case "table":
      return tablePanel(answered, addresses);
    default:
      throw new Error(`no preview for a panel of type ${answered.panel.type}`);
  }
}

/** Says why there is nothing, if that is a good sign. */
function emptyBody({ panel, answers }: AnsweredPanel, emptyWhen: PageArgs["emptyWhen"]): string {
  const reasons = answers.map(
    ({ target }) => emptyWhen[`${panel.title ?? ""}/${target.refId ?? ""}`],
  );
  const reason = reasons.every((text) => text !== undefined) ? reasons.join("; ") : undefined;
  return reason === undefined
    ? `<div class="empty" data-empty="unexpected"><b>No data</b></div>`
    : `<div class="empty" data-empty="allowed"><b>Nothing to show</b>${escaped(reason)}</div>`;
}

/** Thresholds and runbooks, beside the title. */
function side({ fieldConfig, links = [], type }: PanelFile): string {
  const defaults: FieldDefaults = fieldConfig?.defaults ?? {};
  const limits =
    type === "timeseries"
      ? lines(defaults).map(
          ({ value, color }) =>
            `<span class="limit" style="color:${color}">${escaped(formatValue(value, defaults.unit ?? "none"))}</span>`,
        )
      : [];
  const runbooks = links.flatMap(({ title, url }) =>
    url ? [`<a href="${escaped(url)}" title="${escaped(title)}">runbook</a>`] : [],
  );
  return `<span class="side">${[...limits, ...runbooks].join("")}</span>`;
}

/** Variables in a title. */
function fill(text: string, variables: AnsweredDashboard["variables"]): string {
  return text.replace(/\$(\w+)/g, (whole, name: string) => variables[name]?.join(", ") ?? whole);
}
