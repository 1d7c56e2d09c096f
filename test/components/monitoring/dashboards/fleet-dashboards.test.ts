import { describe, expect, it } from "vitest";
import {
  fleetDashboards,
  renderDashboards,
} from "../../../../components/monitoring/dashboards/fleet-dashboards.ts";
import {
  queriesOf,
  readDashboard,
} from "../../../../components/monitoring/dashboards/read-dashboard.ts";
import { monitoringSchema } from "../../../../components/monitoring/monitoring.schema.ts";

const spec = monitoringSchema.parse({});

function panel(given: object, uid: string, title: string) {
  const dashboard = fleetDashboards(monitoringSchema.parse(given)).find((one) => one.uid === uid)!;
  return readDashboard(dashboard).panels.find((one) => one.title === title)!;
}

const steps = (given: object, uid: string, title: string) =>
  panel(given, uid, title).fieldConfig!.defaults.thresholds!.steps.map(({ value, color }) => [
    value,
    color,
  ]);

describe("the dashboards of a fleet", () => {
  it("are those that were asked for, with fixed identities", () => {
    expect(
      fleetDashboards(spec).map(({ uid, file, content }) => [
        uid,
        file,
        readDashboard({ content }).title,
      ]),
    ).toEqual([
      ["mcp-overview", "mcp-overview.json", "MCP Overview"],
      ["mcp-server", "mcp-server.json", "MCP server"],
      ["mcp-errors", "mcp-errors.json", "Error Tracking"],
      ["mcp-latency", "mcp-latency.json", "Latency Analysis"],
      ["mcp-gateway", "mcp-gateway.json", "Gateway"],
      ["mcp-database", "mcp-database.json", "Database Performance"],
      ["mcp-infrastructure", "mcp-infrastructure.json", "Infrastructure"],
      ["mcp-release", "mcp-release.json", "Release"],
    ]);
  });

  it("are the same bytes each time, and hold no time", () => {
    const files = renderDashboards(spec);
    expect(renderDashboards(spec)).toEqual(files);
    for (const content of Object.values(files)) {
      expect(content).not.toMatch(/20\d\d-\d\d-\d\d|\b1[6-9]\d{8}\b/);
    }
  });

  it("have the thresholds of their alerts", () => {
    expect(steps({}, "mcp-errors", "Failing by server")).toEqual([
      [null, "green"],
      [0.05, "orange"],
      [0.1, "red"],
    ]);
    // Below is worse: of how much is found in memory.
    expect(steps({}, "mcp-database", "Cache hits")).toEqual([
      [null, "orange"],
      [0.98, "green"],
    ]);
    expect(steps({}, "mcp-server", "State")).toEqual([
      [null, "red"],
      [1, "green"],
    ]);
  });

  it("follow a fleet that sets an alert's threshold or severity otherwise", () => {
    const thresholds = { HighErrorRate: { thresholds: { ratio: "7%" } } };
    expect(steps({ alerts: thresholds }, "mcp-errors", "Failing by server")[1]).toEqual([
      0.07,
      "orange",
    ]);
    const severity = { PostgresCacheHit: { severity: "critical" } };
    expect(steps({ alerts: severity }, "mcp-database", "Cache hits")[0]).toEqual([null, "red"]);
  });

  it("neither show nor explain an alert that is switched off", () => {
    const alerts = { HighErrorRate: { enabled: false }, CriticalErrorRate: { enabled: false } };
    const off = panel({ alerts }, "mcp-errors", "Failing by server");
    expect(off.fieldConfig!.defaults.thresholds!.steps).toHaveLength(1);
    expect(off.description).not.toContain("ErrorRate");
  });

  it("link to runbooks on the web, and name those of the repository", () => {
    const web = panel({ runbooks: "https://runbooks.example/" }, "mcp-errors", "Failing by server");
    expect(web.links!.map(({ title, url }) => [title, url])).toEqual([
      ["Runbook: HighErrorRate", "https://runbooks.example/HighErrorRate.md"],
      ["Runbook: CriticalErrorRate", "https://runbooks.example/CriticalErrorRate.md"],
    ]);
    const here = panel({}, "mcp-errors", "Failing by server");
    expect(here.links).toBeUndefined();
    expect(here.description).toContain(
      "Runbooks: docs/runbooks/HighErrorRate.md, docs/runbooks/CriticalErrorRate.md",
    );
  });

  it("give reasons only for queries that they have", () => {
    for (const dashboard of fleetDashboards(spec)) {
      const places = new Set(queriesOf(readDashboard(dashboard)).map(({ place }) => place));
      expect(Object.keys(dashboard.emptyWhen).filter((place) => !places.has(place))).toEqual([]);
    }
  });

  it("say nothing of Prometheus and Alertmanager where they are somebody else's", () => {
    const about = (elsewhere: boolean): string[] =>
      fleetDashboards(spec, elsewhere).flatMap((dashboard) =>
        queriesOf(readDashboard(dashboard))
          .filter(({ expr }) => /\b(prometheus|alertmanager)_\w+/.test(expr))
          .map(({ place }) => `${dashboard.uid} ${place}`),
      );
    expect(about(false).length).toBeGreaterThan(5);
    expect(about(true)).toEqual([]);
  });

  it("explain few queries away", () => {
    const all = fleetDashboards(spec);
    const explained = all.flatMap(({ uid, emptyWhen }) =>
      Object.keys(emptyWhen)
        .filter((place) => !place.startsWith("annotation/"))
        .map((place) => `${uid} ${place}`),
    );
    expect(explained).toEqual([
      "mcp-server Errors by kind/A",
      "mcp-errors Errors by kind/A",
      "mcp-errors Errors by tool/A",
      "mcp-errors Database errors/A",
    ]);
  });
});
