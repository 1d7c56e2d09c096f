import { builtInVariables, variablesIn } from "../interpolate.ts";
import { linksOf } from "./links.ts";
import type { DashboardFile } from "../read-dashboard.ts";

/** Variables that nothing uses, and uses of variables that do not exist. */
export function variableProblems(dashboard: DashboardFile): string[] {
  const defined = dashboard.templating.list.map(({ name }) => name);
  const uses = textsOf(dashboard).flatMap(({ place, text }) =>
    variablesIn(text).map((name) => ({ place, name })),
  );
  const known = new Set([...defined, ...builtInVariables]);
  return [
    ...repeated(defined).map((name) => `variable ${name}: defined more than once`),
    ...defined
      .filter((name) => uses.every((use) => use.name !== name))
      .map((name) => `variable ${name}: nothing uses it; remove it or use $${name} in a query`),
    ...uses
      .filter(({ name }) => !known.has(name))
      .map(
        ({ place, name }) => `${place}: uses $${name}; defined are ${defined.join(", ") || "none"}`,
      ),
  ];
}

/** Every text in which Grafana replaces variables. */
function textsOf({ panels, annotations, templating }: DashboardFile) {
  return [
    ...panels.flatMap((panel) => [
      { place: `"${panel.title ?? ""}"`, text: panel.title ?? "" },
      ...(panel.targets ?? []).flatMap(({ refId = "?", expr, legendFormat = "" }) => [
        { place: `"${panel.title ?? ""}" query ${refId}`, text: expr },
        { place: `"${panel.title ?? ""}" legend ${refId}`, text: legendFormat },
      ]),
      ...linksOf(panel).map(({ url = "" }) => ({
        place: `"${panel.title ?? ""}" link`,
        text: url,
      })),
    ]),
    ...annotations.list.map(({ name, expr }) => ({ place: `annotation ${name}`, text: expr })),
    ...templating.list.map(({ name, query }) => ({ place: `variable ${name}`, text: query })),
  ];
}

/** Values that occur more than once, each once. */
export function repeated<T>(values: readonly T[]): T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
