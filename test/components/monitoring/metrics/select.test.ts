import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { series, type SeriesName } from "../../../../components/monitoring/metrics.ts";
import { unknownInPromql } from "../../../../components/monitoring/metrics/check-promql.ts";
import {
  equal,
  matching,
  not,
  notMatching,
  select,
} from "../../../../components/monitoring/metrics/select.ts";

describe("a selector that is put together", () => {
  it.each([
    [select("up"), "up"],
    [select("up", {}), "up"],
    [select("up", { service: "scene", job: "scene" }), 'up{job="scene", service="scene"}'],
    [
      select("haproxy_server_status", { state: "UP", proxy: not("gateway_successor") }),
      'haproxy_server_status{proxy!="gateway_successor", state="UP"}',
    ],
    [
      select("mcp_server_operation_duration_seconds_bucket", { le: "0.5" }),
      'mcp_server_operation_duration_seconds_bucket{le="0.5"}',
    ],
    [
      select("ALERTS", { severity: matching("critical|warning"), alertname: notMatching("A.*") }),
      'ALERTS{alertname!~"A.*", severity=~"critical|warning"}',
    ],
    [select("up", { job: equal('a"b\\c') }), String.raw`up{job="a\"b\\c"}`],
  ])("%s", (made, expected) => {
    expect(made).toBe(expected);
    expect(unknownInPromql(made)).toEqual([]);
  });

  it("does not compile outside the catalogue", () => {
    const wrong = [
      // @ts-expect-error a metric that nothing exposes
      select("mcp_request_total"),
      // @ts-expect-error a histogram has no series of its own name
      select("mcp_server_operation_duration_seconds"),
      // @ts-expect-error a label that the metric lacks
      select("mcp_requests_total", { tool: "x" }),
      // @ts-expect-error a value that the label never has
      select("haproxy_server_status", { state: "up" }),
      // @ts-expect-error recorded series carry no labels of the target
      select("service:mcp_requests:rate5m", { job: "scene" }),
    ];
    for (const selector of wrong) expect(unknownInPromql(selector)).toHaveLength(1);
  });

  it("is valid whatever the value", () => {
    const names = [...series.keys()] as SeriesName[];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.string(), (name, value) => {
        const known = Object.keys(series.get(name)!.labels).find(
          (label) => series.get(name)!.labels[label] === "any",
        );
        const matchers = known ? { [known]: not(value.replaceAll("$", "")) } : {};
        expect(unknownInPromql(select(name, matchers))).toEqual([]);
      }),
    );
  });
});
