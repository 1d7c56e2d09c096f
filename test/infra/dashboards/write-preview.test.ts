import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineDashboard } from "../../../components/monitoring/dashboards/define-dashboard.ts";
import {
  bars,
  bigNumber,
  distribution,
  rows,
  timeSeries,
} from "../../../components/monitoring/dashboards/panels.ts";
import { oneServer, servers, upWords } from "../../../components/monitoring/dashboards/shared.ts";
import type { Chart } from "../../../infra/dashboards/preview/chart.ts";
import { writePreview, type PreviewArgs } from "../../../infra/dashboards/preview/write-preview.ts";
import { PrometheusQueries } from "../../../infra/dashboards/prometheus-queries.ts";
import { FakePrometheus } from "./fake-prometheus.ts";

const common = { description: 'Says "this" & <that>.', unit: "ms", width: 12 } as const;
const limit = {
  bad: "above",
  warning: { value: 100, alert: { name: "Slow", runbook: "https://runbooks/Slow.md" } },
  critical: { value: 900, alert: { name: "Slower", runbook: "https://runbooks/Slower.md" } },
} as const;

const overview = defineDashboard({
  uid: "all",
  title: "All of it",
  description: "Everything.",
  variables: [servers],
  annotations: [
    { name: "Mark", expr: "mark", color: "blue", text: "", emptyWhen: "nothing happened" },
  ],
  sections: [
    {
      title: "Kinds",
      panels: [
        bigNumber({ ...common, title: "Number", limit, queries: [{ expr: "number", legend: "" }] }),
        bigNumber({
          ...common,
          title: "Word",
          words: upWords,
          queries: [{ expr: "state", legend: "" }],
        }),
        timeSeries({
          ...common,
          title: "Lines",
          limit,
          queries: [{ expr: 'lines{service=~"$server"}', legend: "{{service}}" }],
        }),
        timeSeries({
          ...common,
          title: "Stack",
          stacked: true,
          queries: [{ expr: "stack", legend: "{{service}}" }],
        }),
        bars({ ...common, title: "Bars", queries: [{ expr: "bars", legend: "{{service}}" }] }),
        rows({
          ...common,
          title: "Table",
          queries: [
            { expr: "first", legend: "" },
            { expr: "second", legend: "" },
          ],
          columns: [
            {
              field: "service",
              title: "Server",
              drillDown: { title: "Show", url: "/d/one?var-server=${__value.raw}" },
            },
            { field: "Value #A", title: "State", words: upWords },
            { field: "Value #B", title: "Time", unit: "ms", limit },
          ],
        }),
        distribution({
          ...common,
          unit: "s",
          title: "Heat",
          queries: [{ expr: "buckets", legend: "" }],
        }),
        timeSeries({
          ...common,
          title: "Quiet",
          queries: [{ expr: "nothing", legend: "", emptyWhen: "nothing <has> failed" }],
        }),
        timeSeries({ ...common, title: "Lost", queries: [{ expr: "nothing", legend: "" }] }),
      ],
    },
  ],
});
const one = defineDashboard({
  uid: "one",
  title: "One",
  description: "One server.",
  variables: [oneServer],
  annotations: [],
  sections: [
    {
      title: "State of $server",
      panels: [
        bigNumber({
          ...common,
          title: "Number of it",
          queries: [{ expr: 'number{service="$server"}', legend: "" }],
        }),
      ],
    },
  ],
});

const scene = { service: "scene" };
const review = { service: "review" };
const prometheus = new FakePrometheus(
  {
    mark: [{ labels: {}, values: [null, 1, 1] }],
    number: [{ labels: {}, values: [1, 2, 150] }],
    state: [{ labels: {}, values: [1, 1, 0] }],
    lines: [
      { labels: scene, values: [50, null, 90] },
      { labels: review, values: [20, NaN, 30] },
    ],
    stack: [{ labels: scene, values: [1, null, 3] }],
    bars: [
      { labels: review, values: [25] },
      { labels: scene, values: [100] },
    ],
    first: [
      { labels: scene, values: [1] },
      { labels: review, values: [0] },
    ],
    second: [{ labels: { ...scene, instance: "a" }, values: [950] }],
    buckets: [
      { labels: { le: "0.01" }, values: [4, 4, 4] },
      { labels: { le: "0.1" }, values: [4, 10, 4] },
      { labels: { le: "+Inf" }, values: [4, 10, 4] },
    ],
    nothing: [],
  },
  { service: ["review", "scene"] },
);

const directory = mkdtempSync(join(tmpdir(), "mcp-fleet-preview-test-"));
let args: PreviewArgs;
let files: string[];
let page: string;
let charts: Record<string, Chart>;

beforeAll(async () => {
  const url = await prometheus.start();
  args = {
    dashboards: [overview, one],
    asking: {
      prometheus: new PrometheusQueries(url),
      span: { from: 1_700_000_000, to: 1_700_000_120, step: 60 },
      scrapeIntervalSeconds: 15,
    },
    facts: ["stack <x>"],
    marks: [{ at: 1_700_000_060, text: "r-1 rolled-back", color: "#d5453f" }],
    below: { all: "<p>below</p>" },
  };
  files = await writePreview(directory, args);
  page = readFileSync(join(directory, files[0]!), "utf8");
  charts = JSON.parse(
    /<script type="application\/json" id="charts">(.*?)<\/script>/.exec(page)![1]!,
  ) as Record<string, Chart>;
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await prometheus.stop();
});

/** HTML of one panel. */
function panel(title: string): string {
  const found = new RegExp(`<section class="panel" data-panel="${title}"[^]*?</section>`).exec(
    page,
  );
  return found?.[0] ?? "";
}

function chart(title: string) {
  const id = /id="(panel-\d+)"/.exec(panel(title))![1]!;
  return charts[id]!.option as {
    series: { name: string; data: unknown[]; stack?: string; markLine?: { data: object[] } }[];
    yAxis: { max?: number; data?: string[] };
    xAxis: { data?: string[] };
  };
}

describe("a preview", () => {
  it("is a page per dashboard, of one about a single server a page per server", () => {
    expect(files).toEqual(["all.html", "one-review.html", "one-scene.html"]);
    expect(readFileSync(join(directory, "one-scene.html"), "utf8")).toContain("State of scene");
  });

  it("says that it is none of Grafana's, and what it shows", () => {
    expect(page).toContain("This is not Grafana");
    expect(page).toContain("stack &lt;x&gt;");
    expect(page).toContain("<p>below</p>");
  });

  it("loads nothing from elsewhere", () => {
    // The last script is the chart library: only its place is looked at, not its text.
    const ownText = page.replace(/<script>[^]*<\/script>/, "<script></script>");
    expect(ownText.length).toBeLessThan(30_000);
    expect(ownText).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)=/);
    expect(ownText).not.toMatch(/@import|url\(/);
    expect(page.split("</script>")).toHaveLength(3);
  });

  it("shows numbers in their unit, with the colour of the threshold that they have passed", () => {
    expect(panel("Number")).toContain(">150 ms<");
    expect(panel("Number")).toContain("color:#d98a1f");
    expect(panel("Number")).toContain("<polyline");
    expect(panel("Word")).toContain(">DOWN<");
    expect(panel("Word")).toContain("color:#d5453f");
  });

  it("explains panels and links to their runbooks", () => {
    expect(panel("Lines")).toContain("Says &quot;this&quot; &amp; &lt;that&gt;.");
    expect(panel("Lines")).toContain('href="https://runbooks/Slow.md"');
    expect(panel("Lines")).toContain(">900 ms</span>");
  });

  it("draws lines with holes where there is no number, near thresholds and marks", () => {
    const { series, yAxis } = chart("Lines");
    expect(series.map(({ name }) => name)).toEqual(["scene", "review"]);
    expect(series[0]!.data).toEqual([
      [1_700_000_000_000, 50],
      [1_700_000_060_000, null],
      [1_700_000_120_000, 90],
    ]);
    expect(series[1]!.data[1]).toEqual([1_700_000_060_000, null]);
    // 900 is more than four times what was measured: named beside the title, not drawn.
    expect(series[0]!.markLine!.data).toMatchObject([
      { yAxis: 100 },
      { xAxis: 1_700_000_060_000, label: { formatter: "r-1 rolled-back" } },
    ]);
    expect(yAxis.max).toBeCloseTo(110);
  });

  it("marks what Prometheus knows of where there is no history", async () => {
    await writePreview(join(directory, "unmarked"), { ...args, marks: [] });
    const unmarked = readFileSync(join(directory, "unmarked", "all.html"), "utf8");
    expect(unmarked).toContain('"formatter":"Mark"');
    expect(page).not.toContain('"formatter":"Mark"');
  });

  it("draws stacks without holes", () => {
    const [series] = chart("Stack").series;
    expect(series).toMatchObject({ stack: "all" });
    expect(series!.data[1]).toEqual([1_700_000_060_000, 0]);
  });

  it("draws bars, the longest first", () => {
    expect(
      [...panel("Bars").matchAll(/bar-name" title="(\w+)"|width:([\d.]+)%/g)].map(
        (m) => m[1] ?? m[2],
      ),
    ).toEqual([...["scene", "100.0", "review", "25.0"]]);
  });

  it("brings the rows of a table's queries together, and links to the pages of servers", () => {
    const cells = [...panel("Table").matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, text]) => text);
    expect(cells).toEqual([
      ...['<a href="one-review.html">review</a>', "DOWN", "–"],
      ...['<a href="one-scene.html">scene</a>', "UP", "950 ms"],
    ]);
    expect(panel("Table")).toContain('style="background:#d5453f">950 ms');
  });

  it("draws how many lie in each bucket, not how many lie below it", () => {
    const { series, yAxis, xAxis } = chart("Heat");
    expect(yAxis.data).toEqual(["≤ 10 ms", "≤ 100 ms"]);
    expect(xAxis.data).toHaveLength(3);
    expect(series[0]!.data).toEqual([
      [0, 0, 4],
      [1, 0, 4],
      [2, 0, 4],
      [1, 1, 6],
    ]);
  });

  it("tells a panel that may be empty from one that may not", () => {
    expect(panel("Quiet")).toContain('data-empty="allowed"');
    expect(panel("Quiet")).toContain("nothing &lt;has&gt; failed");
    expect(panel("Lost")).toContain('data-empty="unexpected"');
  });
});
