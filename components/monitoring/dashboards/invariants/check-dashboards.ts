import type { FleetDashboard } from "../define-dashboard.ts";
import { readDashboard, type DashboardFile } from "../read-dashboard.ts";
import { gridProblems } from "./grid.ts";
import { linkProblems, type LinkTargets } from "./links.ts";
import { panelProblems, sourceProblems, type QueryCheck } from "./panels.ts";
import { repeated, variableProblems } from "./variables.ts";

export interface DashboardRules {
  /** What is wrong with a query, variables not yet replaced. */
  readonly query: QueryCheck;
  /** Address of a runbook -> whether it exists; undefined for what is no runbook. */
  readonly runbook: LinkTargets["runbook"];
}

/** Everything that is wrong with a set of dashboards, as Grafana would get them. */
export function dashboardProblems(
  dashboards: readonly Pick<FleetDashboard, "file" | "content">[],
  rules: DashboardRules,
): string[] {
  const read = dashboards.map(({ file, content }) => ({
    file,
    dashboard: readDashboard({ content }),
  }));
  const targets = {
    runbook: rules.runbook,
    dashboards: new Map(read.map(({ dashboard }) => [dashboard.uid ?? "", dashboard])),
  };
  return [
    ...repeated(read.map(({ dashboard }) => dashboard.uid)).map(
      (uid) =>
        `uid ${uid ?? "none"}: taken by ${read
          .filter(({ dashboard }) => dashboard.uid === uid)
          .map(({ file }) => file)
          .join(" and ")}`,
    ),
    ...repeated(read.map(({ file }) => file)).map((file) => `${file}: written twice`),
    ...read.flatMap(({ file, dashboard }) =>
      [
        ...headProblems(dashboard),
        ...gridProblems(dashboard.panels),
        ...panelProblems(dashboard, rules.query),
        ...variableProblems(dashboard),
        ...linkProblems(dashboard, targets),
        ...sourcesElsewhere(dashboard),
        ...dashboard.annotations.list.flatMap(({ name, expr }) =>
          rules.query(expr).map((problem) => `annotation ${name}: ${problem}`),
        ),
      ].map((problem) => `${file} ${problem}`),
    ),
  ];
}

/**
 * The same, for a program that is about to use them.
 *
 * @throws Error listing every problem.
 */
export function requireSoundDashboards(
  dashboards: readonly Pick<FleetDashboard, "file" | "content">[],
  rules: DashboardRules,
): void {
  const problems = dashboardProblems(dashboards, rules);
  if (problems.length === 0) return;
  throw new Error(`dashboards have ${problems.length} problem(s):\n  ${problems.join("\n  ")}`);
}

function headProblems({ uid, title, description, __inputs }: DashboardFile): string[] {
  return [
    ...(uid && /^[\w-]{1,40}$/.test(uid)
      ? []
      : [`uid: got ${uid ?? "none"}; 1 to 40 letters, digits, _ or -`]),
    ...(title ? [] : ["has no title"]),
    ...(description ? [] : ["has no description"]),
    // Inputs are asked of a person who imports; a file that is provisioned has nobody to ask.
    ...(__inputs === undefined ? [] : ["has __inputs; name the data source itself"]),
  ];
}

function sourcesElsewhere({ templating, annotations }: DashboardFile): string[] {
  return [
    ...templating.list.flatMap(({ name, datasource }) =>
      sourceProblems(datasource).map((problem) => `variable ${name}: ${problem}`),
    ),
    ...annotations.list.flatMap(({ name, datasource }) =>
      sourceProblems(datasource).map((problem) => `annotation ${name}: ${problem}`),
    ),
  ];
}
