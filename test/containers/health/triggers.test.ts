import { mkdtempSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeSamples } from "../../../components/health/probes/promql.ts";
import { probeSchema, type ProbeOf } from "../../../components/health/probe.schema.ts";
import { fillQuery } from "../../../components/health/template.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";
import { buildImages, docker } from "../../artefacts/database-harness.ts";

const target = { component: "scene", workload: "scene-0a1b2c3" };
const own = 'instance="scene-0a1b2c3:9464"';
const old = 'instance="scene-ffffff0:9464"';
const operations = "mcp_server_operation_duration_seconds";

/** A query with its placeholders filled, and the probe that asks it. */
function trigger(name: string, scrapeIntervalSeconds = 15) {
  const triggers = serverTriggers(
    "scene",
    { errorRatio: 0.1, p95Ms: 200, minCalls: 20 },
    { metricsPort: 9464, scrapeIntervalSeconds },
  );
  const input = triggers.find((one) => one.name === `scene/${name}`);
  const probe = probeSchema.parse(input) as ProbeOf<"promql">;
  return { probe, query: fillQuery(probe.query, "scene", target) };
}

/** Calls of one instance: counted, and all of them in one bucket of time. */
function calls(instance: string, count: string, bound: number, errorType = "") {
  const labels = `${instance}, mcp_method_name="tools/call", error_type="${errorType}"`;
  return [
    { series: `${operations}_count{${labels}}`, values: count },
    ...[0.1, 0.2, 0.5, 2, 5].map((le) => ({
      series: `${operations}_bucket{${labels}, le="${le}"}`,
      values: le >= bound ? count : "0x30",
    })),
    { series: `${operations}_bucket{${labels}, le="+Inf"}`, values: count },
  ];
}

const directory = mkdtempSync(join(tmpdir(), "triggers-"));

/** Lets the real Prometheus evaluate a query over series, one value per interval. */
async function evaluate(
  query: string,
  series: readonly object[],
  { at, interval }: { readonly at: number; readonly interval: number },
  expected: number | undefined,
) {
  const rules = { groups: [{ name: "g", rules: [{ record: "x", expr: query }] }] };
  const tests = {
    rule_files: ["rules.yml"],
    evaluation_interval: `${interval}s`,
    tests: [
      {
        interval: `${interval}s`,
        input_series: series,
        promql_expr_test: [
          {
            // Digits beyond the third are those of floating point.
            expr: `round(${query}, 0.001)`,
            eval_time: `${at}s`,
            exp_samples: expected === undefined ? [] : [{ labels: "{}", value: expected }],
          },
        ],
      },
    ],
  };
  writeFileSync(join(directory, "rules.yml"), JSON.stringify(rules));
  writeFileSync(join(directory, "tests.yml"), JSON.stringify(tests));
  return docker(
    "run",
    "--rm",
    "--network=none",
    "--tmpfs=/tmp:mode=1777",
    `-v=${directory}:/v:ro`,
    "-w=/v",
    "--entrypoint=promtool",
    "mcp-fleet-test/prometheus:latest",
    "test",
    "rules",
    "tests.yml",
  );
}

beforeAll(async () => {
  chmodSync(directory, 0o755);
  await buildImages(["prometheus"]);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a trigger, evaluated by Prometheus", () => {
  const quick = calls(own, "0+60x30", 0.1);

  it.each<[string, string, readonly object[], number, number | undefined, string]>([
    ["no failures", "error-ratio-recorded", quick, 60, 0, "pass"],
    [
      "one of four fails",
      "error-ratio-recorded",
      [...quick, ...calls(own, "0+20x30", 0.1, "tool_error")],
      60,
      0.25,
      "fail",
    ],
    [
      "only the old release fails",
      "error-ratio-recorded",
      [...quick, ...calls(old, "0+600x30", 0.1, "tool_error")],
      60,
      0,
      "pass",
    ],
    ["two scrapes are enough", "error-ratio-recorded", quick, 15, 0, "pass"],
    ["one scrape is not", "error-ratio-recorded", quick, 0, undefined, "inconclusive"],
    [
      "too few calls",
      "error-ratio-recorded",
      calls(own, "0+1x30", 0.1),
      60,
      undefined,
      "inconclusive",
    ],
    ["no series at all", "error-ratio-recorded", [], 60, undefined, "inconclusive"],
    ["quick calls", "p95-recorded", quick, 60, 95, "pass"],
    ["slow calls", "p95-recorded", calls(own, "0+60x30", 2), 60, 1925, "fail"],
    [
      "slow calls of the old release only",
      "p95-recorded",
      [...quick, ...calls(old, "0+600x30", 5)],
      60,
      95,
      "pass",
    ],
    ["too few slow calls", "p95-recorded", calls(own, "0+1x30", 2), 60, undefined, "inconclusive"],
  ])("%s: %s", async (_, name, series, at, value, verdict) => {
    const { probe, query } = trigger(name);
    const { code, output } = await evaluate(query, series, { at, interval: 15 }, value);
    expect(output).not.toMatch(/parse error/);
    expect(code, output).toBe(0);
    const samples =
      value === undefined ? [] : [{ metric: {}, value: [at, String(value)] as const }];
    expect(judgeSamples(probe, samples).verdict).toBe(verdict);
  });

  it("that counts wrongly is noticed", async () => {
    const { query } = trigger("error-ratio-recorded");
    const { code } = await evaluate(query, quick, { at: 60, interval: 15 }, 0.5);
    expect(code).not.toBe(0);
  });

  it.each([1, 5, 15, 120])("has its say after two scrapes of %i s", async (interval) => {
    const { query } = trigger("error-ratio-recorded", interval);
    const { code, output } = await evaluate(query, quick, { at: 2 * interval, interval }, 0);
    expect(code, output).toBe(0);
  });
});
