import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allAlerts,
  enabledAlerts,
  fleetAlerts,
  defaultSlo,
} from "../../../components/monitoring/alerts/catalogue.ts";
import { alertsSchema } from "../../../components/monitoring/alerts/alerts.schema.ts";
import { readAlerts } from "../../../components/monitoring/alerts/settings.ts";
import { fillTemplate } from "../../../components/monitoring/alerts/template.ts";
import {
  readThreshold,
  showThreshold,
  type Threshold,
} from "../../../components/monitoring/alerts/threshold.ts";
import {
  selectedSeries,
  unknownInPromql,
} from "../../../components/monitoring/metrics/check-promql.ts";
import { recordedMetrics } from "../../../components/monitoring/metrics/recorded.ts";
import { operationBuckets } from "../../../components/monitoring/metrics/mcp-server.ts";
import { sloRecordings } from "../../../components/monitoring/alerts/slo.ts";
import { recordingRules } from "../../../components/monitoring/alerts/recording.ts";
import { OPERATION_BUCKETS } from "../../../servers/metrics.ts";

const settings = { scrapeIntervalSeconds: 15, runbooks: "docs/runbooks" };
const threshold = (unit: Threshold["unit"], more: Partial<Threshold> = {}): Threshold => ({
  unit,
  default: 1,
  what: "x",
  ...more,
});

describe("a threshold", () => {
  it.each<[Threshold["unit"], number | string, number]>([
    ["ratio", "5%", 0.05],
    ["ratio", 0.05, 0.05],
    ["ratio", "0.1 %", 0.001],
    ["milliseconds", "250ms", 250],
    ["milliseconds", "1.5s", 1500],
    ["seconds", "2m", 120],
    ["seconds", "500ms", 0.5],
    ["count", 30, 30],
    ["count", "30", 30],
    ["perMinute", "5/min", 5],
    ["perMinute", "1/s", 60],
  ])("of unit %s reads %s", (unit, given, value) => {
    expect(readThreshold(threshold(unit), given)).toEqual({ value });
  });

  it.each<[Threshold["unit"], number | string, string]>([
    ["ratio", "5ms", "a share"],
    ["ratio", 5, "from 0 % to 100 %"],
    ["milliseconds", 100, "with its unit"],
    ["milliseconds", "5%", "with its unit"],
    ["seconds", 10, "with its unit"],
    ["count", "5%", "without a unit"],
    ["perMinute", 5, "with its unit"],
    ["count", -1, "without a unit"],
    ["count", "many", "without a unit"],
  ])("of unit %s refuses %s", (unit, given, words) => {
    const read = readThreshold(threshold(unit), given);
    expect("allowed" in read && read.allowed).toContain(words);
  });

  it("is read back as it is shown", () => {
    const units = ["ratio", "milliseconds", "seconds", "count"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...units), fc.integer({ min: 1, max: 999 }), (unit, number) => {
        const value = unit === "ratio" ? number / 1000 : number;
        const shown = showThreshold(unit, value).replace("min", "m").replace(" ", "");
        expect(readThreshold(threshold(unit), shown)).toEqual({ value });
      }),
    );
  });
});

describe("a text of an alert", () => {
  it.each([
    ["{{ $labels.service }} is down", undefined, "scene is down"],
    ["{{ $value | humanizePercentage }}", 0.05251, "5.251%"],
    ["{{ $value | humanize }}", 105, "105"],
    ["{{ $value | humanize }}", 12_345, "12.35k"],
    ["{{ $value | humanize }}", 0.5, "500m"],
    ["{{ $value | humanizeDuration }}", 630, "10m 30s"],
    ["{{ $value | humanizeDuration }}", 5.25, "5.25s"],
    ["{{ $value | humanizeDuration }}", 90_061, "1d 1h 1m 1s"],
  ])("%s with %s", (text, value, expected) => {
    expect(fillTemplate(text, { service: "scene" }, value)).toBe(expected);
  });

  it("that cannot be filled in fails the test that needs it", () => {
    expect(() => fillTemplate("{{ $value | humanize }}", {}, undefined)).toThrow(
      "cannot be filled",
    );
    expect(() => fillTemplate("{{ $value }}", {}, 1)).toThrow("cannot be filled");
  });
});

describe("the alerts", () => {
  const alerts = allAlerts();

  it("have names of their own, and name causes and worse ones that exist", () => {
    const names = alerts.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { causes, worse } of alerts) {
      for (const { alert } of causes) expect(names).toContain(alert);
      if (worse !== undefined) expect(names).toContain(worse);
    }
  });

  it.each([
    ["ServiceDown", "GatewayBackendDown"],
    ["PostgresDown", "DatabaseConnectionFailure"],
    ["PgbouncerDown", "DatabaseConnectionFailure"],
    ["ServiceDown", "TargetDown"],
    ["GatewayDown", "TargetDown"],
  ])("%s fires early enough to mute %s, which the same fault brings about", (cause, effect) => {
    const find = (name: string) => alerts.find((alert) => alert.name === name)!;
    expect(find(effect).causes.map(({ alert }) => alert)).toContain(cause);
    // A scrape and an evaluation, 15 s each, may lie between the two.
    expect(find(effect).forSeconds).toBeGreaterThanOrEqual(find(cause).forSeconds + 30);
  });

  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "%s selects what exists, in its rule and in its tests",
    (_name, alert) => {
      const { expr, tests } = alert.rule(settings);
      expect(unknownInPromql(expr)).toEqual([]);
      for (const { series } of [...tests.fires, ...tests.quiet]) {
        for (const selector of Object.keys(series)) {
          expect(unknownInPromql(selector)).toEqual([]);
          expect([...selectedSeries(expr), ...sloInputs]).toContain(selectedSeries(selector)[0]);
        }
      }
    },
  );

  const sloInputs = (["availability", "latency"] as const).flatMap((slo) =>
    sloRecordings(slo, defaultSlo).flatMap(({ expr }) => selectedSeries(expr)),
  );

  it("record what the catalogue says that is recorded, and nothing else", () => {
    const slo = (["availability", "latency"] as const).flatMap((name) =>
      sloRecordings(name, defaultSlo),
    );
    const made = [...recordingRules, ...slo].map(({ record }) => record);
    expect(new Set([...made, "service:memory_limit:bytes", "fleet:config_version:info"])).toEqual(
      new Set(Object.keys(recordedMetrics.metrics)),
    );
    for (const { expr } of [...recordingRules, ...slo]) expect(unknownInPromql(expr)).toEqual([]);
  });

  it("know the bounds that servers count by", () => {
    expect(operationBuckets).toEqual(OPERATION_BUCKETS);
  });

  it("have a runbook with every part", () => {
    for (const { runbook } of alerts) {
      expect(runbook.meaning).toMatch(/\w/);
      expect(runbook.impact).toMatch(/\w/);
      expect(runbook.diagnosis.length).toBeGreaterThan(0);
      expect(runbook.mitigation.length).toBeGreaterThan(0);
    }
  });

  it("keep their numbers in order by default", () => {
    expect(readAlerts(alertsSchema.parse({})).problems).toEqual([]);
  });

  it("can be switched off and changed", () => {
    const spec = alertsSchema.parse({
      TargetDown: { enabled: false },
      HighErrorRate: { for: "1h", severity: "info", thresholds: { ratio: "7%" } },
    });
    const { changes } = readAlerts(spec);
    expect(enabledAlerts(defaultSlo, changes)).toHaveLength(alerts.length - 1);
    const rules = fleetAlerts({ ...settings, slo: defaultSlo, changes });
    expect(rules.find(({ name }) => name === "HighErrorRate")).toMatchObject({
      forSeconds: 3600,
      labels: { severity: "info" },
      expr: expect.stringContaining("> 0.07 and") as string,
    });
  });
});

describe("numbers of a fleet that cannot be used", () => {
  it("are told all at once: units, bounds and order", () => {
    const { problems } = readAlerts(
      alertsSchema.parse({
        HighLatencyP95: { thresholds: { time: "5%" } },
        HighErrorRate: { thresholds: { ratio: "20%" } },
        LowToolSuccess: { thresholds: { ratio: "85%" } },
        CriticalConcurrency: { thresholds: { calls: 10 } },
        PgbouncerMaxwait: { thresholds: { wait: 5 } },
      }),
    );
    expect(problems.map(({ at, got, allowed }) => `${at.join(".")}: ${got}; ${allowed}`)).toEqual([
      'HighLatencyP95.thresholds.time: "5%"; a time with its unit, such as 250ms or 1s',
      "PgbouncerMaxwait.thresholds.wait: 5; a time with its unit, such as 30s or 5m",
      "HighErrorRate.thresholds.ratio: 20 %; HighErrorRate (20 %) has to fire before CriticalErrorRate (10 %)",
      "LowToolSuccess.thresholds.ratio: 85 %; LowToolSuccess (85 %) has to fire before CriticalToolSuccess (90 %)",
      "CriticalConcurrency.thresholds.calls: 10; HighConcurrency (30) has to fire before CriticalConcurrency (10)",
    ]);
  });
});
