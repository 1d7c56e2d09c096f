import { datasourceUids } from "../../grafana.render.ts";
import type { DashboardFile, DataSource, PanelFile } from "../read-dashboard.ts";
import { repeated } from "./variables.ts";

/** Panels without what makes them understandable, and identities that occur twice. */
export function panelProblems(dashboard: DashboardFile, problemsOfQuery: QueryCheck): string[] {
  const { panels } = dashboard;
  const ids = panels.map(({ id }) => id);
  return [
    ...repeated(ids.filter((id) => id !== undefined)).map(
      (id) =>
        `panel id ${id}: taken by ${panels
          .filter((panel) => panel.id === id)
          .map(({ title = "" }) => `"${title}"`)
          .join(" and ")}; ids come from titles, so give each its own title`,
    ),
    ...panels.flatMap((panel) =>
      (panel.type === "row" ? rowProblems(panel) : ownProblems(panel, problemsOfQuery)).map(
        (problem) => `"${panel.title ?? ""}": ${problem}`,
      ),
    ),
  ];
}

/** @returns what is wrong with a query, all of it. */
export type QueryCheck = (expr: string) => readonly string[];

/** Grafana drops what lies inside of a row that is open. */
function rowProblems({ id, title, panels = [] }: PanelFile): string[] {
  return [
    ...(id ? [] : ["has no id"]),
    ...(title ? [] : ["has no title"]),
    ...(panels.length > 0 ? ["holds panels; put them below the row"] : []),
  ];
}

function ownProblems(panel: PanelFile, problemsOfQuery: QueryCheck): string[] {
  const { id, title, description, datasource, targets = [], fieldConfig } = panel;
  const refIds = targets.map(({ refId }) => refId);
  return [
    ...(id ? [] : ["has no id"]),
    ...(title ? [] : ["has no title"]),
    ...(description ? [] : ["has no description; say what it shows and what to think of it"]),
    ...(fieldConfig?.defaults.unit ? [] : ["has no unit; name one, `short` for a plain number"]),
    ...sourceProblems(datasource),
    ...(targets.length > 0 ? [] : ["asks nothing; give it a query"]),
    ...(refIds.every(Boolean) ? [] : ["has a query without refId"]),
    ...repeated(refIds.filter(Boolean)).map((refId) => `refId ${refId ?? ""} is there twice`),
    ...stepProblems(panel),
    ...targets.flatMap(({ refId = "?", expr, datasource: source }) =>
      [...sourceProblems(source), ...problemsOfQuery(expr)].map(
        (problem) => `query ${refId}: ${problem}`,
      ),
    ),
  ];
}

/** Identity of the one data source that dashboards may ask. */
export function sourceProblems(source: DataSource | undefined): string[] {
  if (source?.type === "prometheus" && source.uid === datasourceUids.prometheus) return [];
  return [
    `got data source ${source?.uid ?? "none"} of type ${source?.type ?? "none"}; the provisioned one is prometheus of type prometheus`,
  ];
}

/** Grafana paints a value by the last step that it has reached: out of order some would never be reached. */
function stepProblems({ fieldConfig }: PanelFile): string[] {
  const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
  return steps.flatMap(({ value, color }, index) => {
    if (index === 0)
      return value === null ? [] : [`threshold ${value}: the first step has no value`];
    const before = steps[index - 1]?.value ?? -Infinity;
    return value !== null && value > before
      ? []
      : [`threshold ${value ?? "none"} (${color}) does not lie above ${before}`];
  });
}
