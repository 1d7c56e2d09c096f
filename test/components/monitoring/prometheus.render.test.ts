import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { alertGroups } from "../../../components/monitoring/alerts/alert-rule.ts";
import { allAlerts } from "../../../components/monitoring/alerts/catalogue.ts";
import { recordingRules } from "../../../components/monitoring/alerts/recording.ts";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import {
  renderPrometheus,
  type PrometheusInput,
} from "../../../components/monitoring/prometheus.render.ts";
import { renderRuleTests } from "../../../components/monitoring/rule-files.render.ts";
import { runs } from "../../runs.ts";
import { admin, config, input, others, scene, type Rules } from "./prometheus-input.ts";

function version(given: PrometheusInput): string {
  const rules = parse(renderPrometheus(given)["version.rules.yml"]!) as Rules;
  return rules.groups[0]!.rules[0]!.labels!.version!;
}

describe("renderPrometheus", () => {
  it("has one job for each part of the fleet, named after it", () => {
    const seen = config().scrape_configs.map(({ job_name, static_configs }) => [
      job_name,
      static_configs,
    ]);
    const critical = "true";
    expect(Object.fromEntries(seen)).toEqual({
      alertmanager: [
        { targets: ["am:9093"], labels: { service: "alertmanager", component: "monitoring" } },
      ],
      "database-admin": [
        {
          targets: ["database-admin-0a1b2c3:9464"],
          labels: { service: "database-admin", component: "mcp-server", port: "3010", critical },
        },
      ],
      gateway: [
        { targets: ["gw:8405"], labels: { service: "gateway", component: "gateway", critical } },
      ],
      pgbouncer: [
        {
          targets: ["pgb-exporter:9127"],
          labels: { service: "pgbouncer", component: "database", critical },
        },
      ],
      postgres: [
        {
          targets: ["pg-exporter:9187"],
          labels: { service: "postgres", component: "database", critical },
        },
      ],
      prometheus: [
        {
          targets: ["127.0.0.1:9090"],
          labels: { service: "prometheus", component: "monitoring" },
        },
      ],
      scene: [
        {
          targets: ["scene-0a1b2c3:9464"],
          labels: { service: "scene", component: "mcp-server", port: "3005" },
        },
      ],
    });
  });

  it("drops a server's own name from its series, and only that", () => {
    const relabelled = config().scrape_configs.filter((job) => job.metric_relabel_configs);
    expect(relabelled.map(({ job_name }) => job_name)).toEqual(["database-admin", "scene"]);
    expect(relabelled[1]?.metric_relabel_configs).toEqual([
      {
        source_labels: ["exported_service"],
        regex: "scene",
        target_label: "exported_service",
        replacement: "",
      },
    ]);
  });

  it("takes intervals from the fleet file and bounds every scrape", () => {
    const { global } = config(
      input(
        {},
        {
          scrapeIntervalSeconds: 30,
          scrapeTimeoutSeconds: 20,
          evaluationIntervalSeconds: 90,
        },
      ),
    );
    expect(global).toMatchObject({
      scrape_interval: "30s",
      scrape_timeout: "20s",
      evaluation_interval: "1m30s",
      external_labels: { fleet: "writing", environment: "staging" },
      sample_limit: expect.any(Number) as number,
      body_size_limit: expect.stringMatching(/^\d+MB$/) as string,
      label_limit: expect.any(Number) as number,
    });
  });

  it("never asks for a timeout above the interval, which Prometheus refuses", () => {
    const { global } = config(input({}, { scrapeIntervalSeconds: 5 }));
    expect(global).toMatchObject({ scrape_interval: "5s", scrape_timeout: "5s" });
  });

  it("sends alerts to Alertmanager", () => {
    expect(config().alerting.alertmanagers).toEqual([
      { static_configs: [{ targets: ["am:9093"] }] },
    ]);
  });

  it("names every rule file that it renders, and no other, without directories", () => {
    const files = Object.keys(renderPrometheus(input()));
    expect(config().rule_files).toEqual(files.filter((file) => file.endsWith(".rules.yml")).sort());
    expect(files.filter((file) => file.includes("/"))).toEqual([]);
  });

  it("renders the same bytes whatever the order of the targets", () => {
    const reference = renderPrometheus(input());
    const targets = [scene, admin, ...others];
    fc.assert(
      fc.property(fc.shuffledSubarray(targets, { minLength: targets.length }), (shuffled) => {
        expect(renderPrometheus(input({ targets: shuffled }))).toEqual(reference);
      }),
      runs(10),
    );
  });

  it("names every job that occurs twice, at once", () => {
    const twice = input({
      targets: [
        scene,
        scene,
        admin,
        { ...admin, address: "other" },
        { ...scene, job: "prometheus" },
      ],
    });
    expect(() => renderPrometheus(twice)).toThrow(
      "several targets are named database-admin, prometheus, scene; rename the servers",
    );
  });

  it.each<[string, PrometheusInput]>([
    ["an address", input({ targets: [{ ...scene, address: "scene-fffffff" }, admin, ...others] })],
    ["an interval", input({}, { scrapeIntervalSeconds: 16 })],
    ["a threshold", input({}, { scrapeIntervalSeconds: 60 })],
    ["the environment", input({ environment: "production" })],
  ])("has another version when %s changes", (_what, changed) => {
    expect(version(changed)).not.toBe(version(input()));
    expect(version(changed)).toMatch(/^v-[0-9a-f]{12}$/);
  });
});

describe("rules", () => {
  const files = renderPrometheus(input());
  const rulesOf = (group: string) =>
    (parse(files[`${group}.rules.yml`]!) as Rules).groups[0]!.rules;
  const rules = alertGroups.flatMap(rulesOf).filter(({ alert }) => alert !== undefined);

  it("has every alert, in the file of its part", () => {
    for (const group of alertGroups) {
      const names = rulesOf(group).flatMap(({ alert }) => alert ?? []);
      const expected = allAlerts().filter((alert) => alert.group === group);
      expect(names).toEqual(expected.map(({ name }) => name));
      expect(names.length).toBeGreaterThan(0);
    }
  });

  it("gives every alert a service and a component, from the rule or from its series", () => {
    for (const rule of rules) {
      for (const label of ["service", "component"]) {
        const grouped = rule.expr.includes(label);
        expect(rule.labels?.[label] !== undefined || grouped, `${rule.alert} ${label}`).toBe(true);
      }
      expect(rule.annotations).toMatchObject({
        summary: expect.stringMatching(/\S/) as string,
        description: expect.stringMatching(/\S/) as string,
        runbook_url: `docs/runbooks/${rule.alert}.md`,
      });
      expect(JSON.stringify(rule.labels)).not.toContain("$value");
    }
  });

  it("takes numbers from the fleet file", () => {
    const changed = monitoringSchema.parse({
      runbooks: "https://wiki.example/runbooks/",
      alerts: {
        HighLatencyP95: { thresholds: { time: "250ms" }, for: "7m", severity: "info" },
        LowToolSuccess: { enabled: false },
      },
    });
    const text = renderPrometheus(input({ spec: changed }))["servers.rules.yml"]!;
    const all = (parse(text) as Rules).groups[0]!.rules;
    const latency = all.find(({ alert }) => alert === "HighLatencyP95");
    expect(latency).toMatchObject({
      for: "7m",
      labels: { severity: "info" },
      annotations: { runbook_url: "https://wiki.example/runbooks/HighLatencyP95.md" },
    });
    expect(latency?.expr).toContain("> 250 and");
    expect(all.map(({ alert }) => alert)).not.toContain("LowToolSuccess");
  });

  it("calls samples fresh for three scrapes, at least a minute and at most what Prometheus sees", () => {
    const expr = (scrapeIntervalSeconds: number) =>
      allAlerts()
        .find(({ name }) => name === "Watchdog")!
        .rule({ scrapeIntervalSeconds, runbooks: "x" }).expr;
    expect(expr(15)).toMatch(/< 60$/);
    expect(expr(30)).toMatch(/< 90$/);
    expect(expr(120)).toMatch(/< 300$/);
  });

  it("records under level:metric:operation", () => {
    for (const { record } of recordingRules) {
      expect(record).toMatch(/^(service|fleet):mcp_[a-z_]+:[a-z0-9_]+$/);
    }
  });

  it("records the memory limit of every part that says how much it uses", () => {
    const limits = rulesOf("recording").filter(({ record }) => record?.includes("memory_limit"));
    expect(limits.map(({ labels, expr }) => [labels?.service, expr])).toEqual([
      ["alertmanager", "vector(134217728)"],
      ["pgbouncer", "vector(67108864)"],
      ["postgres", "vector(67108864)"],
      ["prometheus", "vector(402653184)"],
      ["scene", "vector(167772160)"],
    ]);
  });

  it("tests every alert by its own name, firing and quiet, and every recorded series", () => {
    const tests = renderRuleTests(input());
    const firing = new Set<string>();
    const quiet = new Set<string>();
    for (const [file, text] of Object.entries(tests)) {
      const parsed = parse(text) as {
        rule_files: string[];
        tests: { alert_rule_test?: { alertname: string; exp_alerts: object[] }[] }[];
      };
      expect(Object.keys(files)).toContain(parsed.rule_files[0]);
      expect(file.startsWith(parsed.rule_files[0]!.replace(".rules.yml", ""))).toBe(true);
      for (const test of parsed.tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test)) {
        (test.exp_alerts.length > 0 ? firing : quiet).add(test.alertname);
      }
    }
    const alerts = new Set(rules.map(({ alert }) => alert!));
    expect(firing).toEqual(alerts);
    expect(quiet).toEqual(alerts);
    const recording = parse(tests["recording.rules.test.yml"]!) as {
      tests: { promql_expr_test: { exp_samples: { labels: string }[]; expr: string }[] }[];
    };
    const recorded = recording.tests.map(
      (test) => /^round\(([\w:]+)/.exec(test.promql_expr_test[0]!.expr)?.[1],
    );
    expect(new Set(recorded)).toEqual(
      new Set([...recordingRules.map(({ record }) => record), "service:memory_limit:bytes"]),
    );
  });

  it("expects annotations as Prometheus fills them in", () => {
    const text = renderRuleTests(input())["servers.rules.test.yml"]!;
    expect(text).toContain("summary: scene is down");
    expect(text).not.toContain("{{");
  });
});
