import { describe, expect, it } from "vitest";
import {
  selectedSeries,
  unknownInPromql,
} from "../../../../components/monitoring/metrics/check-promql.ts";

describe("what PromQL selects", () => {
  it.each([
    "sum by (service) (rate(mcp_requests_total[5m]))",
    "vector(1)",
    "time() - max(timestamp(up)) < 60",
    'histogram_quantile(0.95, sum by (le) (rate(mcp_server_operation_duration_seconds_bucket{service=~"$server"}[$__rate_interval])))',
    'label_replace(up, "other", "$1", "job", "(.*)") * on (other) group_left (service) up',
    "rate(haproxy_frontend_http_requests_total[${__range}])",
    'pg_stat_activity_count{state=~"idle in.*"}',
    'count_values without (instance) ("v", up)',
  ])("is all known: %s", (expression) => {
    expect(unknownInPromql(expression)).toEqual([]);
  });

  it.each([
    ["pg_stat_bgwriter_checkpoints_timed_total", ["is no metric of the catalogue"]],
    ['up{jobb="x"}', ["up has no label jobb"]],
    ['{job="x"}', ["names no metric"]],
    ['{__name__=~"mcp_.*"}', ["names no metric"]],
    ['up{__name__="up"}', ["instead of giving it"]],
    ['haproxy_server_status{state="Up"}', ["never has state=Up; it has DOWN, UP"]],
    ['haproxy_server_status{state=~"up|down"}', ["never has state=up|down"]],
    ["sum by (tool) (mcp_requests_total)", ["no series in it has the label tool"]],
    ["sum(up", ["does not parse at"]],
    ["a_total / b_total", ["a_total is no metric", "b_total is no metric"]],
  ])("is refused: %s", (expression, words) => {
    const problems = unknownInPromql(expression);
    expect(problems).toHaveLength(words.length);
    words.forEach((word, index) => expect(problems[index]).toContain(word));
  });

  it("is listed by name, each once", () => {
    expect(selectedSeries('up + up{job="a"} + pg_up')).toEqual(["up", "pg_up"]);
  });
});
