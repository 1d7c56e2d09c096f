import { describe, expect, it } from "vitest";
import { excerpt } from "../../../components/health/answer.ts";
import type { Series } from "../../../components/health/exposition.ts";
import { probeSchema, type ProbeOf } from "../../../components/health/probe.schema.ts";
import { freeMb } from "../../../components/health/probes/file-system.ts";
import { judgeReply } from "../../../components/health/probes/http.ts";
import { judgeReadings } from "../../../components/health/probes/metrics.ts";
import { judgeSamples } from "../../../components/health/probes/promql.ts";
import { judgeState } from "../../../components/health/probes/state.ts";
import { Secrets } from "../../../components/health/secrets.ts";
import { fillQuery } from "../../../components/health/template.ts";
import type { WorkloadState } from "../../../components/platform/transport.ts";

describe("an HTTP answer", () => {
  const judge = (settings: object, status: number, body: string) => {
    const probe = {
      kind: "http",
      name: "scene/ready",
      subject: "scene",
      port: 3005,
      path: "/ready",
    };
    return judgeReply(probeSchema.parse({ ...probe, ...settings }) as ProbeOf<"http">, {
      status,
      body,
    });
  };

  it.each([
    [{}, 200, "", "pass", "GET /ready on port 3005 of scene answered 200"],
    [
      {},
      503,
      '{"status":"not ready",\n"reasons":["database"]}',
      "fail",
      'GET /ready on port 3005 of scene answered 503, not 200: {"status":"not ready", "reasons":["database"]}',
    ],
    [{ expectStatus: [200, 503] }, 503, "", "pass", "answered 503"],
    [{ expectBody: "ok" }, 200, "it is ok", "pass", "answered 200"],
    [{ expectBody: "ok" }, 200, "no", "fail", 'answered 200 without "ok": no'],
    [
      { expectJson: ["database.healthy == true"] },
      200,
      '{"database":{"healthy":false}}',
      "fail",
      "answered 200, but database.healthy is false, not true",
    ],
    [{ expectJson: ["a exists"] }, 200, "<html>", "fail", "answered 200, but no JSON: <html>"],
  ])("%o, %i %s", (settings, status, body, verdict, detail) => {
    const finding = judge(settings, status, body);
    expect(finding.verdict).toBe(verdict);
    expect(finding.detail).toContain(detail);
  });
});

describe("the state of a workload", () => {
  const running: WorkloadState = {
    running: true,
    terminal: false,
    detail: "is running",
    restarts: 0,
  };
  const rules = { subject: "scene", maxRestarts: 0, requireHealthy: true };

  it.each<[string, Partial<WorkloadState>, object, string, boolean, string]>([
    ["running, no health check", {}, {}, "pass", false, "scene is running"],
    ["healthy", { health: "healthy" }, {}, "pass", false, "scene is running"],
    [
      "unhealthy",
      { health: "unhealthy" },
      {},
      "fail",
      false,
      "its own health check says unhealthy",
    ],
    [
      "unhealthy, not asked for",
      { health: "unhealthy" },
      { requireHealthy: false },
      "pass",
      false,
      "",
    ],
    [
      "not started yet",
      { running: false, detail: "was never started" },
      {},
      "fail",
      false,
      "never started",
    ],
    [
      "exited",
      { running: false, terminal: true, detail: "ended with code 1" },
      {},
      "fail",
      true,
      "code 1",
    ],
    ["started again", { restarts: 1 }, {}, "fail", true, "started again 1 time"],
    ["started again, as it may be", { restarts: 2 }, { maxRestarts: 2 }, "pass", false, ""],
  ])("%s", (_, state, own, verdict, terminal, detail) => {
    const finding = judgeState({ ...rules, ...own }, { ...running, ...state }, 0);
    expect(finding).toMatchObject({ verdict, ...(terminal && { terminal }) });
    expect(finding.terminal ?? false).toBe(terminal);
    expect(finding.detail).toContain(detail);
  });

  it("counts restarts from those that were there before", () => {
    expect(judgeState(rules, { ...running, restarts: 5 }, 5).verdict).toBe("pass");
    expect(judgeState(rules, { ...running, restarts: 6 }, 5).terminal).toBe(true);
  });
});

describe("samples of Prometheus", () => {
  const rules = {
    subject: "scene",
    name: "scene/error-ratio",
    operator: "<=",
    threshold: 0.1,
    unit: "",
  } as const;
  const sample = (value: string, metric = {}) => ({ metric, value: [0, value] as const });

  it.each([
    ["no sample", [], "inconclusive", "no samples about error ratio of scene"],
    ["not a number", [sample("NaN")], "inconclusive", "no samples"],
    ["within", [sample("0.1")], "pass", "error ratio of scene is <= 0.1"],
    ["beyond", [sample("0.20512")], "fail", "error ratio of scene is 0.205, not <= 0.1"],
    [
      "one of several beyond",
      [sample("0", { service: "a" }), sample("+Inf", { service: "b" })],
      "fail",
      "is b: Infinity, not <= 0.1",
    ],
  ])("%s", (_, samples, verdict, detail) => {
    const finding = judgeSamples(rules, samples);
    expect(finding.verdict).toBe(verdict);
    expect(finding.detail).toContain(detail);
  });
});

describe("metrics between two readings", () => {
  const series = (name: string, value: number, labels = {}): Series => ({ name, labels, value });
  const counts = (ok: number, bad: number): Series[] => [
    series("ops_count", ok, { error: "" }),
    ...(bad > 0 ? [series("ops_count", bad, { error: "tool_error" })] : []),
  ];
  const rules = {
    subject: "scene",
    name: "scene/error-ratio",
    minCount: 20,
    operator: "<=" as const,
    threshold: 0.1,
    unit: "",
    measure: { of: "ratio" as const, counter: "ops_count", labels: {}, failed: "error" },
  };

  it.each([
    ["too few calls", counts(5, 0), counts(20, 4), "inconclusive", "fewer than 20 calls"],
    ["no such metric", [], [], "inconclusive", "no metrics about error ratio"],
    ["no failures", counts(0, 0), counts(30, 0), "pass", "is <= 0.1"],
    ["old failures only", counts(0, 50), counts(100, 50), "pass", "is <= 0.1"],
    ["first failures", counts(100, 0), counts(116, 4), "fail", "is 0.2 (20 calls), not <= 0.1"],
    ["counters started again", counts(900, 100), counts(30, 10), "fail", "is 0.25 (40 calls)"],
  ])("ratio: %s", (_, before, after, verdict, detail) => {
    const finding = judgeReadings(rules, before, after);
    expect(finding.verdict).toBe(verdict);
    expect(finding.detail).toContain(detail);
  });

  const buckets = (quick: number, slow: number): Series[] =>
    [
      ["call", 0.1, quick],
      ["call", 5, quick + slow],
      ["call", Infinity, quick + slow],
      ["list", 0.1, 9e9],
    ].map(([method, bound, value]) =>
      series("ops_bucket", value as number, {
        method,
        le: bound === Infinity ? "+Inf" : String(bound),
      }),
    );
  it.each([
    ["quick", buckets(0, 0), buckets(30, 0), "pass"],
    ["slow before, quick now", buckets(0, 100), buckets(30, 100), "pass"],
    ["quick before, slow now", buckets(500, 0), buckets(510, 20), "fail"],
  ])("quantile: %s", (_, before, after, verdict) => {
    const measure = {
      of: "quantile" as const,
      histogram: "ops",
      labels: { method: "call" },
      quantile: 0.95,
    };
    expect(judgeReadings({ ...rules, measure, threshold: 0.2 }, before, after).verdict).toBe(
      verdict,
    );
  });

  it("gauge: is what it is", () => {
    const measure = { of: "gauge" as const, gauge: "up" };
    const up = { ...rules, measure, operator: "==" as const, threshold: 1 };
    expect(judgeReadings(up, [], [series("up", 1)]).verdict).toBe("pass");
    expect(judgeReadings(up, [], [series("up", 0)]).verdict).toBe("fail");
    expect(judgeReadings(up, [], []).verdict).toBe("inconclusive");
  });
});

describe("a query's placeholders", () => {
  const target = { component: "scene", workload: "scene-0a1b2c3", release: 'r-"1"' };

  it("are filled from the subject, quoted", () => {
    expect(
      fillQuery(
        'up{instance="{{instance}}", s="{{ component }}", r="{{release}}"}',
        "scene",
        target,
      ),
    ).toBe('up{instance="scene-0a1b2c3:9464", s="scene", r="r-\\"1\\""}');
  });

  it.each([
    [
      "{{nobody}}",
      target,
      "{{nobody}} is none of {{component}}, {{address}}, {{instance}}, {{release}}",
    ],
    ["{{address}}", undefined, "scene has no address to put for {{address}}"],
    ["{{release}}", { component: "scene", workload: "w" }, "scene has no release"],
  ])("%s without a value", (query, whom, problem) => {
    expect(() => fillQuery(query, "scene", whom)).toThrow(problem);
  });
});

describe("secrets", () => {
  it("are struck from what is said once they are known", async () => {
    const secrets = new Secrets(({ of }) => Promise.resolve(`very-secret-${of}`));
    expect(await secrets.get({ kind: "token", of: "default" })).toBe("very-secret-default");
    expect(secrets.strike("got very-secret-default, twice: very-secret-default")).toBe(
      "got [secret], twice: [secret]",
    );
  });

  it("that are missing are named, not shown", async () => {
    const secrets = new Secrets(() => Promise.reject(new Error("no such role")));
    await expect(secrets.get({ kind: "password", of: "scene_a" })).rejects.toThrow(
      "the password of scene_a cannot be had: no such role",
    );
  });
});

describe("output of others", () => {
  it("is one short line without control characters", () => {
    expect(excerpt("a\u001b[31m red\r\n  b\u0000")).toBe("a [31m red b");
    expect(excerpt("x".repeat(300))).toHaveLength(200);
  });

  it.each([
    [
      "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 40 20480 40% /\n",
      20,
    ],
    ["df: /x: No such file or directory", undefined],
    ["", undefined],
  ])("of df: %j", (output, free) => {
    expect(freeMb(output)).toBe(free);
  });
});
