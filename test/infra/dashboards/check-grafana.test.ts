import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineDashboard } from "../../../components/monitoring/dashboards/define-dashboard.ts";
import { timeSeries } from "../../../components/monitoring/dashboards/panels.ts";
import { servers } from "../../../components/monitoring/dashboards/shared.ts";
import { checkGrafana } from "../../../infra/dashboards/check-grafana.ts";

const dashboard = defineDashboard({
  uid: "x",
  title: "X",
  description: "x",
  variables: [servers],
  annotations: [],
  sections: [
    {
      title: "x",
      panels: [
        timeSeries({
          title: "P",
          description: "x",
          unit: "short",
          width: 12,
          queries: [
            { expr: 'rate(full{service=~"$server"}[$__rate_interval])', legend: "" },
            { expr: "quiet", legend: "", emptyWhen: "nothing fails" },
          ],
        }),
      ],
    },
  ],
});

const frame = (...values: number[]) => ({ data: { values: [[1], values] } });
let answers: Record<string, unknown>;
let sent: { queries: { expr: string }[] }[];
let server: Server;

beforeEach(async () => {
  sent = [];
  answers = {
    "/api/datasources/uid/prometheus/health": { status: "OK" },
    "/api/dashboards/uid/x": {
      meta: { provisioned: true },
      dashboard: JSON.parse(dashboard.content) as unknown,
    },
    "/api/ds/query": { results: { A: { frames: [frame(1)] }, B: { frames: [frame()] } } },
  };
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.method === "POST") {
        sent.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof sent)[number]);
      }
      response.end(JSON.stringify(answers[request.url ?? ""] ?? { message: "Not found" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const check = () =>
  checkGrafana([dashboard], {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    login: "admin:x",
    from: 0,
    to: 1000,
    variables: { server: ["scene", "review"] },
  });

describe("a check of Grafana", () => {
  it("asks every panel, with the dashboard's variables and not with Grafana's own filled in", async () => {
    expect(await check()).toEqual({
      panels: 1,
      queries: 2,
      explained: ["x P/B: nothing fails"],
      problems: [],
    });
    expect(sent[0]!.queries.map(({ expr }) => expr)).toEqual([
      'rate(full{service=~"(scene|review)"}[$__rate_interval])',
      "quiet",
    ]);
  });

  it.each<[string, (kept: { panels: { title: string }[] }) => void, string[]]>([
    [
      "the data source does not answer",
      () =>
        (answers["/api/datasources/uid/prometheus/health"] = { status: "ERROR", message: "gone" }),
      ["data source prometheus: gone"],
    ],
    ["a dashboard is missing", () => delete answers["/api/dashboards/uid/x"], ["x: Not found"]],
    [
      "somebody made a dashboard by hand",
      (kept) => (answers["/api/dashboards/uid/x"] = { meta: {}, dashboard: kept }),
      ["x: is not provisioned"],
    ],
    ["Grafana loses a panel", (kept) => void kept.panels.pop(), ["x: Grafana keeps other panels"]],
    [
      "a query is refused",
      () =>
        (answers["/api/ds/query"] = {
          results: { A: { error: "parse error" }, B: { frames: [frame(1)] } },
        }),
      ["x P/A: parse error"],
    ],
    [
      "a query has no data",
      () =>
        (answers["/api/ds/query"] = { results: { A: { frames: [] }, B: { frames: [frame(1)] } } }),
      ["x P/A: no data"],
    ],
    [
      "Grafana does not answer a query",
      () => (answers["/api/ds/query"] = { message: "forbidden" }),
      ["x P/A: forbidden", "x P/B: forbidden"],
    ],
  ])("finds that %s", async (_what, change, problems) => {
    const { dashboard: kept } = answers["/api/dashboards/uid/x"] as {
      dashboard: { panels: { title: string }[] };
    };
    change(kept);
    expect((await check()).problems).toEqual(problems);
  });
});
