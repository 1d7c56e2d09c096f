import { describe, expect, it } from "vitest";
import { ConfigError, loadFleet, loadStackConfig } from "../../../infra/config/index.ts";
import { fleet, projectWith } from "./fixture.ts";

/** What is wrong with a fleet whose stack names monitoring of the cluster. */
function problemsOf(text: string): Record<string, string> {
  try {
    loadFleet({
      ...{ fleetPath: "fleets/test.yaml", env: {}, sets: [], rootDir: projectWith(text) },
      ...{ hasReceivers: false, existingMonitoring: true },
    });
    return {};
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(
      error.problems.map(({ path, got = "", allowed, fix = "" }) => [
        path,
        [got, allowed, fix].join("; "),
      ]),
    );
  }
}

const monitoring = (settings: object) => fleet(`monitoring: ${JSON.stringify(settings)}`);

describe("a fleet file for a stack that the cluster's monitoring watches", () => {
  it("may spell out defaults, and how its parts are scraped", () => {
    const text = monitoring({
      prometheus: { port: 9090, scrapeIntervalSeconds: 30, evaluationIntervalSeconds: 60 },
      alertmanager: { receivers: [], routes: {} },
      grafana: { enabled: "auto" },
    });
    expect(problemsOf(text)).toEqual({});
  });

  it("has no receivers that would never be told: all of them are listed", () => {
    const problems = problemsOf(
      monitoring({
        alertmanager: {
          receivers: [
            { name: "pager", kind: "pagerduty" },
            { name: "ops", kind: "slack", channel: "#ops" },
          ],
          routes: { critical: ["pager"] },
        },
      }),
    );
    expect(Object.keys(problems).sort()).toEqual([
      "monitoring.alertmanager.receivers",
      "monitoring.alertmanager.routes",
    ]);
    expect(problems["monitoring.alertmanager.receivers"]).toMatch(
      /^pagerduty pager, slack ops; they would never be told: .*have the cluster's Alertmanager tell them/,
    );
  });

  it("has no settings of what the fleet does not have", () => {
    const problems = problemsOf(
      monitoring({
        prometheus: { retentionDays: 90 },
        grafana: { enabled: "yes", memoryMb: 512 },
      }),
    );
    expect(problems["monitoring.prometheus.retentionDays"]).toContain("90; a setting of our own");
    expect(problems["monitoring.grafana.memoryMb"]).toContain("512; a setting of our own");
    expect(problems["monitoring.grafana.enabled"]).toContain("kubernetes.monitoring.dashboards");
  });

  it("has probes that ask somebody else's Prometheus by queries alone, and with PromQL", () => {
    const probe = (name: string, more: object) => ({
      ...{ name, subject: "prometheus", tags: ["watch"], ...more },
    });
    const query = { kind: "promql", operator: "<", threshold: 1 };
    const text = fleet(
      `health: ${JSON.stringify({
        probes: [
          probe("prometheus/good", { ...query, query: 'up{service="{{component}}"}' }),
          probe("prometheus/bad", { ...query, query: "sum(up" }),
          probe("prometheus/tcp", { kind: "tcp", port: 9090 }),
          probe("alertmanager/tcp", { kind: "tcp", port: 9093, subject: "alertmanager" }),
        ],
      })}`,
    );
    const problems = problemsOf(text);
    expect(Object.keys(problems).sort()).toEqual([
      "health.probes[1].query",
      "health.probes[2].subject",
      "health.probes[3].subject",
    ]);
    expect(problems["health.probes[1].query"]).toContain("sum(up: no PromQL");
  });
});

describe("the setting that names it", () => {
  const problems = (existing: object, more: object = {}) =>
    loadStackConfig(
      { platform: "kubernetes", kubernetes: { ...more, monitoring: { existing } } },
      { stack: "prod" },
    ).problems.map(({ path, got, allowed }) => [path, got, allowed].join("; "));

  it.each<[string, object, object, RegExp]>([
    ["no Service", {}, {}, /existing\.prometheus; .*missing|existing\.prometheus/],
    [
      "every pod of a namespace as the scraper",
      { prometheus: { service: "p", namespace: "m" }, scraper: { podLabels: {} } },
      {},
      /existing\.scraper\.podLabels; .*at least one label/,
    ],
    [
      "labels that the stack sets itself",
      { prometheus: { service: "p", namespace: "m" }, labels: { "mcp-fleet/stack": "x" } },
      {},
      /existing\.labels.*mcp-fleet/,
    ],
    [
      "the stack's own namespace",
      { prometheus: { service: "p", namespace: "mcp-fleet-prod" } },
      {},
      /existing\.prometheus\.namespace; mcp-fleet-prod; another namespace/,
    ],
    [
      "the stack's own namespace by its name",
      { prometheus: { service: "p", namespace: "mine" } },
      { namespace: "mine" },
      /existing\.prometheus\.namespace; mine; another namespace/,
    ],
  ])("refuses %s", (_, existing, more, words) => {
    const found = problems(existing, more);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(words);
  });
});
