import { afterEach, describe, expect, it } from "vitest";
import { defineDashboard } from "../../../components/monitoring/dashboards/define-dashboard.ts";
import { bars, timeSeries } from "../../../components/monitoring/dashboards/panels.ts";
import { oneServer, servers } from "../../../components/monitoring/dashboards/shared.ts";
import { checkData, hasData } from "../../../infra/dashboards/missing-data.ts";
import { PrometheusQueries } from "../../../infra/dashboards/prometheus-queries.ts";
import { FakePrometheus } from "./fake-prometheus.ts";

const common = { description: "x", unit: "short", width: 12 } as const;
const dashboard = (uid: string, several: boolean) =>
  defineDashboard({
    uid,
    title: uid,
    description: "x",
    variables: [several ? servers : oneServer],
    annotations: [
      { name: "Mark", expr: "mark", color: "red", text: "", emptyWhen: "nothing happened" },
    ],
    sections: [
      {
        title: "x",
        panels: [
          timeSeries({
            ...common,
            title: "Full",
            queries: [{ expr: 'full{service=~"$server"}', legend: "" }],
          }),
          timeSeries({
            ...common,
            title: "Quiet",
            queries: [
              { expr: "full", legend: "" },
              { expr: "empty", legend: "", emptyWhen: "nothing fails" },
            ],
          }),
          bars({ ...common, title: "Lost", queries: [{ expr: "lost[$__range]", legend: "" }] }),
        ],
      },
    ],
  });

const full = { labels: {}, values: [1, 2, 3] };
const answers = { mark: [], full: [full], empty: [], lost: [{ labels: {}, values: [NaN, NaN] }] };
const asking = (url: string) => ({
  prometheus: new PrometheusQueries(url),
  span: { from: 1000, to: 1120, step: 60 },
  scrapeIntervalSeconds: 15,
});

let prometheus: FakePrometheus;
afterEach(() => prometheus.stop());

describe("queries without data", () => {
  it("are found, with the reason where there is one", async () => {
    prometheus = new FakePrometheus(answers, { service: ["scene", "review"] });
    const check = await checkData([dashboard("all", true)], asking(await prometheus.start()));
    expect(check).toEqual({
      asked: 5,
      missing: [
        { dashboard: "all", place: "Quiet/B", query: "empty", allowed: "nothing fails" },
        // Not a number is no data.
        { dashboard: "all", place: "Lost/A", query: "lost[120s]" },
        { dashboard: "all", place: "annotation/Mark", query: "mark", allowed: "nothing happened" },
      ],
    });
    expect(prometheus.asked[0]).toBe('full{service=~"(review|scene)"}');
  });

  it("are looked for once for each server where a dashboard shows one", async () => {
    prometheus = new FakePrometheus(answers, { service: ["scene", "review"] });
    const check = await checkData([dashboard("one", false)], asking(await prometheus.start()));
    expect(check.asked).toBe(10);
    expect(prometheus.asked.filter((query) => query.startsWith("full{"))).toEqual([
      'full{service=~"review"}',
      'full{service=~"scene"}',
    ]);
  });

  it("are not taken for queries that Prometheus refuses", async () => {
    prometheus = new FakePrometheus({ full: [full] }, { service: ["scene"] });
    const check = checkData([dashboard("all", true)], asking(await prometheus.start()));
    await expect(check).rejects.toThrow("Quiet/B: Prometheus: unknown: empty");
  });

  it("are nothing to look for when a variable has no value", async () => {
    prometheus = new FakePrometheus(answers);
    const check = checkData([dashboard("all", true)], asking(await prometheus.start()));
    await expect(check).rejects.toThrow("variable server: label_values(mcp_server_info, service)");
  });
});

describe("data", () => {
  it("is a number somewhere", () => {
    const of = (...points: [number, number][]) => hasData([{ labels: {}, points }]);
    expect([of(), of([1, NaN]), of([1, Infinity]), of([1, NaN], [2, 0])]).toEqual([
      ...[false, false, false, true],
    ]);
  });
});
