import { describe, expect, it } from "vitest";
import { fleet, problemsOf } from "./fixture.ts";

const complaints = (yaml: string) =>
  problemsOf(fleet(yaml)).map(({ path, got, fix }) => [path, got, fix?.split("?")[0]]);

describe("the health settings of a fleet file", () => {
  it("name probes and components that there are", () => {
    const health = `
health:
  off: [scene/reddy, "*/mcp"]
  change: [{ probes: [scen/ready], retries: 5 }]
  probes: [{ kind: tcp, name: scene/x, subject: postgress, port: 5432 }]
`;
    expect(complaints(health)).toEqual([
      ["health.off[0]", '"scene/reddy"', "did you mean scene/ready"],
      ["health.change[0].probes[0]", '"scen/ready"', "did you mean scene/ready"],
      ["health.probes[0].subject", '"postgress"', "did you mean postgres"],
    ]);
  });

  it.each([
    ["health: {baseline: never}", "health.baseline"],
    ["health: {triggers: {errorRatio: 10}}", "health.triggers.errorRatio"],
    ["health: {probes: [{kind: ping, name: a/b, subject: scene}]}", "health.probes[0].kind"],
    ["health: {probes: [{kind: tcp, name: a/b, subject: scene}]}", "health.probes[0].port"],
    ["rollout: {steps: [50]}", "rollout.steps"],
    ["rollout: {bakeSeconds: 0}", "rollout.bakeSeconds"],
  ])("refuse %s", (yaml, path) => {
    expect(complaints(yaml).map(([where]) => where)).toContain(path);
  });

  it("take a probe of each kind", () => {
    const common = (kind: string, rest: string) =>
      `    - { kind: ${kind}, name: scene/own-${kind.replace("_", "-")}, subject: scene, ${rest} }`;
    const yaml = [
      "health:",
      "  probes:",
      common("http", 'port: 3005, path: /x, expectJson: ["database.healthy == true"]'),
      common("tcp", "port: 3005"),
      common("command", "command: [ls]"),
      common("file_system", "path: /app, minFreeMb: 10"),
      common("postgres", "port: 6432, database: d, user: u, passwordOf: scene_a"),
      common("mcp", "port: 3005, tool: { name: t }"),
      common("promql", 'query: up, operator: "==", threshold: 1, at: prometheus, tags: [watch]'),
      common(
        "metrics",
        'port: 9464, measure: { of: gauge, gauge: g }, operator: "<", threshold: 1',
      ),
      common("script", "command: [./check]"),
      common("state", "maxRestarts: 3"),
    ].join("\n");
    expect(problemsOf(fleet(yaml))).toEqual([]);
  });
});
