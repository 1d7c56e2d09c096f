import { describe, expect, it } from "vitest";
import {
  defineDashboard,
  type DashboardArgs,
} from "../../../../components/monitoring/dashboards/define-dashboard.ts";
import {
  dashboardProblems,
  requireSoundDashboards,
  type DashboardRules,
} from "../../../../components/monitoring/dashboards/invariants/check-dashboards.ts";
import { timeSeries } from "../../../../components/monitoring/dashboards/panels.ts";
import { readDashboard } from "../../../../components/monitoring/dashboards/read-dashboard.ts";
import { servers } from "../../../../components/monitoring/dashboards/shared.ts";
import { unknownInPromql } from "../../../../components/monitoring/metrics/check-promql.ts";

const rules: DashboardRules = {
  query: unknownInPromql,
  runbook: (url) => (url.startsWith("runbooks/") ? url === "runbooks/Known.md" : undefined),
};

const panel = (title: string, width = 12) =>
  timeSeries({
    title,
    description: "What it shows.",
    unit: "short",
    width,
    queries: [{ expr: 'up{service=~"$server"}', legend: "{{service}}" }],
  });

const args: DashboardArgs = {
  uid: "sound",
  title: "Sound",
  description: "Nothing is wrong with it.",
  variables: [servers],
  annotations: [
    { name: "Mark", expr: "up == 0", color: "red", text: "", emptyWhen: "nothing is down" },
  ],
  sections: [
    { title: "First", panels: [panel("a"), panel("b"), panel("c", 24)] },
    { title: "Second", panels: [panel("d")] },
  ],
};

type Json = Record<string, unknown>;
interface Editable extends Json {
  uid?: string;
  title?: string;
  panels: (Json & {
    gridPos: Record<string, number>;
    targets: Json[];
    fieldConfig: Json & { defaults: Json };
  })[];
  templating: { list: Json[] };
  annotations: { list: Json[] };
}

/** The sound dashboard with something changed in its file; panels 1 to 3 are a, b, c. */
function changed(change: (dashboard: Editable) => void, uid = "sound") {
  const { file, content } = defineDashboard({ ...args, uid });
  const dashboard = JSON.parse(content) as Editable;
  change(dashboard);
  return { file, content: JSON.stringify(dashboard) };
}

describe("a sound dashboard", () => {
  it("has no problems", () => {
    expect(dashboardProblems([changed(() => undefined)], rules)).toEqual([]);
    expect(() => requireSoundDashboards([changed(() => undefined)], rules)).not.toThrow();
  });

  it("is laid out from left to right, and breaks where the next panel does not fit", () => {
    const { panels } = readDashboard(defineDashboard(args));
    expect(panels.map(({ title, gridPos: at }) => [title, at?.x, at?.y, at?.w, at?.h])).toEqual([
      ["First", 0, 0, 24, 1],
      ["a", 0, 1, 12, 8],
      ["b", 12, 1, 12, 8],
      ["c", 0, 9, 24, 8],
      ["Second", 0, 17, 24, 1],
      ["d", 0, 18, 12, 8],
    ]);
  });
});

describe("dashboards are refused when", () => {
  it.each<[string, (dashboard: Editable) => void, string]>([
    [
      "two panels have the same identity",
      ({ panels }) => (panels[2]!["id"] = panels[1]!["id"]),
      'taken by "a" and "b"',
    ],
    ["a panel has no identity", ({ panels }) => delete panels[1]!["id"], '"a": has no id'],
    [
      "two queries have the same letter",
      ({ panels }) => panels[1]!.targets.push(panels[1]!.targets[0]!),
      '"a": refId A is there twice',
    ],
    [
      "a query has no letter",
      ({ panels }) => delete panels[1]!.targets[0]!["refId"],
      '"a": has a query without refId',
    ],
    [
      "panels overlap",
      ({ panels }) => (panels[2]!.gridPos["x"] = 11),
      '"b": lies on "a"; move one of them',
    ],
    [
      "a panel reaches over the edge",
      ({ panels }) => (panels[2]!.gridPos["w"] = 13),
      '"b": ends in column 25 of 24',
    ],
    [
      "a panel has no extent",
      ({ panels }) => (panels[2]!.gridPos["h"] = 0),
      '"b": got x=12 y=1 w=12 h=0',
    ],
    [
      "a panel asks another data source",
      ({ panels }) => (panels[1]!["datasource"] = { type: "prometheus", uid: "P1809F7CD0C75ACF3" }),
      '"a": got data source P1809F7CD0C75ACF3 of type prometheus',
    ],
    [
      "a query asks another data source",
      ({ panels }) => (panels[1]!.targets[0]!["datasource"] = { type: "loki", uid: "prometheus" }),
      '"a": query A: got data source prometheus of type loki',
    ],
    [
      "a variable asks another data source",
      ({ templating }) => delete templating.list[0]!["datasource"],
      "variable server: got data source none",
    ],
    [
      "an annotation asks another data source",
      ({ annotations }) => delete annotations.list[0]!["datasource"],
      "annotation Mark: got data source none",
    ],
    [
      "nothing uses a variable",
      ({ templating }) => templating.list.push({ ...templating.list[0], name: "dead" }),
      "variable dead: nothing uses it",
    ],
    [
      "a variable is there twice",
      ({ templating }) => templating.list.push(templating.list[0]!),
      "variable server: defined more than once",
    ],
    [
      "a query uses a variable that does not exist",
      ({ panels }) => (panels[1]!.targets[0]!["expr"] = 'up{service="$nobody"}'),
      '"a" query A: uses $nobody; defined are server',
    ],
    [
      "a query selects a metric that does not exist",
      ({ panels }) => (panels[1]!.targets[0]!["expr"] = 'mcp_latency{service=~"$server"}'),
      '"a": query A: mcp_latency is no metric of the catalogue',
    ],
    [
      "a query does not parse",
      ({ panels }) => (panels[1]!.targets[0]!["expr"] = "sum(up"),
      '"a": query A: does not parse',
    ],
    [
      "an annotation selects a metric that does not exist",
      ({ annotations }) => (annotations.list[0]!["expr"] = "deployments"),
      "annotation Mark: deployments is no metric of the catalogue",
    ],
    [
      "a panel has no unit",
      ({ panels }) => delete panels[1]!.fieldConfig.defaults["unit"],
      '"a": has no unit',
    ],
    [
      "a panel has no description",
      ({ panels }) => delete panels[1]!["description"],
      '"a": has no description',
    ],
    ["a panel asks nothing", ({ panels }) => (panels[1]!.targets = []), '"a": asks nothing'],
    [
      "thresholds are out of order",
      ({ panels }) =>
        (panels[1]!.fieldConfig.defaults["thresholds"] = {
          steps: [
            { value: null, color: "green" },
            { value: 10, color: "orange" },
            { value: 5, color: "red" },
          ],
        }),
      '"a": threshold 5 (red) does not lie above 10',
    ],
    [
      "a runbook does not exist",
      ({ panels }) => (panels[1]!["links"] = [{ title: "Runbook", url: "runbooks/Gone.md" }]),
      '"a" link Runbook: runbooks/Gone.md is the address of no runbook',
    ],
    [
      "a runbook that is named does not exist",
      ({ panels }) =>
        (panels[1]!["description"] = "x\n\nRunbooks: runbooks/Known.md, runbooks/Gone.md"),
      '"a" names the runbook runbooks/Gone.md, which does not exist',
    ],
    [
      "a column links to a dashboard that does not exist",
      ({ panels }) =>
        (panels[1]!.fieldConfig["overrides"] = [
          {
            matcher: { id: "byName", options: "x" },
            properties: [{ id: "links", value: [{ title: "Show", url: "/d/gone" }] }],
          },
        ]),
      '"a" link Show: no dashboard has the uid gone',
    ],
    [
      "a link leads out of the fleet",
      ({ panels }) => (panels[1]!["links"] = [{ title: "Elsewhere", url: "https://example.org" }]),
      '"a" link Elsewhere: https://example.org is neither a runbook nor a dashboard of this fleet',
    ],
    [
      "a link leads to a dashboard that does not exist",
      ({ panels }) =>
        (panels[1]!.fieldConfig.defaults["links"] = [{ title: "Show", url: "/d/gone" }]),
      '"a" link Show: no dashboard has the uid gone; there are sound',
    ],
    [
      "a link sets a variable that the other dashboard does not have",
      ({ panels }) =>
        (panels[1]!.fieldConfig.defaults["links"] = [
          { title: "Show", url: "/d/sound?var-tool=${__value.raw}" },
        ]),
      '"a" link Show: dashboard sound has no variable tool',
    ],
    [
      "panels lie inside of an open row, where Grafana drops them",
      ({ panels }) => (panels[0]!["panels"] = [{ title: "lost" }]),
      '"First": holds panels',
    ],
    ["it asks a person for a data source", (one) => (one["__inputs"] = []), "has __inputs"],
    ["it has no uid", (one) => delete one.uid, "uid: got none"],
    ["it has no title", (one) => delete one.title, "has no title"],
  ])("%s", (_what, change, problem) => {
    const problems = dashboardProblems([changed(change)], rules);
    expect(problems.join("\n")).toContain(problem);
  });

  it("two of them have the same uid", () => {
    const other = { ...changed((one) => (one.uid = "sound"), "other") };
    expect(dashboardProblems([changed(() => undefined), other], rules)).toContain(
      "uid sound: taken by sound.json and other.json",
    );
  });

  it("several things are wrong, all at once", () => {
    const broken = changed((one) => {
      delete one.title;
      one.panels[2]!.gridPos["x"] = 11;
      one.panels[1]!.targets[0]!["expr"] = "nothing";
    });
    expect(() => requireSoundDashboards([broken], rules)).toThrow(
      /^dashboards have 3 problem\(s\):\n {2}sound\.json has no title\n {2}sound\.json "b": lies on "a"[^\n]*\n {2}sound\.json "a": query A: nothing is no metric of the catalogue$/,
    );
  });
});
