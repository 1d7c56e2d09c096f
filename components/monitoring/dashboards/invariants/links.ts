import type { DashboardFile, LinkFile, PanelFile } from "../read-dashboard.ts";

/** What links may lead to. */
export interface LinkTargets {
  /** Address of a runbook -> whether it exists; undefined for what is no runbook. */
  readonly runbook: (url: string) => boolean | undefined;
  /** All dashboards, by uid. */
  readonly dashboards: ReadonlyMap<string, DashboardFile>;
}

/** Links to runbooks and dashboards that do not exist. */
export function linkProblems(dashboard: DashboardFile, targets: LinkTargets): string[] {
  return dashboard.panels.flatMap((panel) =>
    [
      ...linksOf(panel).flatMap((link) => problemsOf(link, targets)),
      ...runbooksNamed(panel)
        .filter((path) => targets.runbook(path) !== true)
        .map((path) => `names the runbook ${path}, which does not exist`),
    ].map((problem) => `"${panel.title ?? ""}" ${problem}`),
  );
}

/** Of the panel, of all its series, and of single columns. */
export function linksOf({ links = [], fieldConfig }: PanelFile): LinkFile[] {
  const columns = (fieldConfig?.overrides ?? [])
    .flatMap(({ properties }) => properties)
    .filter(({ id }) => id === "links")
    .flatMap(({ value }) => value as readonly LinkFile[]);
  return [...links, ...(fieldConfig?.defaults.links ?? []), ...columns];
}

function runbooksNamed({ description = "" }: PanelFile): string[] {
  return /^Runbooks: (.+)$/m.exec(description)?.[1]?.split(", ") ?? [];
}

function problemsOf({ title, url = "" }: LinkFile, targets: LinkTargets): string[] {
  const drill = /^\/d\/([^?/]+)(?:\?(.*))?$/.exec(url);
  if (!drill) {
    const found = targets.runbook(url);
    if (found === true) return [];
    return [
      `link ${title}: ${url || "no address"} is ${found === false ? "the address of no runbook; write one or link to another alert's" : "neither a runbook nor a dashboard of this fleet"}`,
    ];
  }
  const [, uid = "", query = ""] = drill;
  const dashboard = targets.dashboards.get(uid);
  if (!dashboard) {
    return [
      `link ${title}: no dashboard has the uid ${uid}; there are ${[...targets.dashboards.keys()].sort().join(", ")}`,
    ];
  }
  const known = dashboard.templating.list.map(({ name }) => name);
  return [...query.matchAll(/(?:^|&)var-(\w+)=/g)]
    .map(([, name = ""]) => name)
    .filter((name) => !known.includes(name))
    .map((name) => `link ${title}: dashboard ${uid} has no variable ${name}`);
}
