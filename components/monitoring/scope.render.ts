import { createHash } from "node:crypto";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";
import type { RuleFile } from "../platform/platform.ts";
import { labelQuery, type DashboardFile } from "./dashboards/read-dashboard.ts";

/** Labels that every series of one fleet has, and no other's. */
export type Scope = Readonly<Record<string, string>>;

/**
 * A query that selects within the scope alone.
 *
 * @param query PromQL; Grafana's variables may occur, as ranges and in values of matchers.
 * @throws Error if it does not parse.
 */
export function scopeQuery(query: string, scope: Scope): string {
  // As long as what it stands for: places in the one text are those in the other.
  const text = query.replaceAll(/\$__\w+/g, (variable) => `${"1".repeat(variable.length - 1)}s`);
  const places: { readonly at: number; readonly written: string }[] = [];
  parser
    .parse(text)
    .cursor()
    .iterate(({ name, type, node }) => {
      if (type.isError)
        throw new Error(`${query}: no PromQL at ${JSON.stringify(text.slice(node.from))}`);
      if (name !== "VectorSelector") return;
      const given = node.getChild("LabelMatchers");
      const more = given && text.slice(given.from + 1, given.to - 1).trim() !== "";
      const matchers = matchersOf(scope) + (more ? ", " : "");
      places.push(
        given
          ? { at: given.from + 1, written: matchers }
          : { at: node.to, written: `{${matchers}}` },
      );
    });
  return places
    .sort((a, b) => b.at - a.at)
    .reduce((done, { at, written }) => done.slice(0, at) + written + done.slice(at), query);
}

/**
 * The groups of a rule file, for a Prometheus that has the series of others too: each rule selects within the scope, and
 * what comes out of it carries the scope's labels.
 */
export function scopeRules(file: string, scope: Scope): RuleFile {
  const { groups } = parse(file) as RuleFile;
  return {
    groups: groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        expr: scopeQuery(rule.expr, scope),
        labels: { ...rule.labels, ...scope },
      })),
    })),
  };
}

/** Longest identity that Grafana takes is 40 characters. */
const digits = 8;

/**
 * A dashboard for a Grafana that has those of other fleets too: its queries select within the scope, and its identity,
 * its title and its links to the fleet's other dashboards are those of this fleet.
 *
 * @param content JSON as `renderDashboards` writes it.
 */
export function scopeDashboard(content: string, scope: Scope): string {
  const hash = createHash("sha256").update(JSON.stringify(scope)).digest("hex").slice(0, digits);
  const linked = content.replaceAll(/\/d\/([\w-]+)/g, `/d/$1-${hash}`);
  const dashboard = JSON.parse(linked) as DashboardFile;
  const scoped = {
    ...dashboard,
    uid: `${dashboard.uid}-${hash}`,
    title: `${dashboard.title} (${Object.values(scope).join(", ")})`,
    panels: dashboard.panels.map((panel) => ({
      ...panel,
      ...(panel.targets && { targets: panel.targets.map((one) => scopedExpr(one, scope)) }),
    })),
    annotations: {
      ...dashboard.annotations,
      list: dashboard.annotations.list.map((one) => scopedExpr(one, scope)),
    },
    templating: {
      ...dashboard.templating,
      list: dashboard.templating.list.map((variable) => {
        const { metric, label } = labelQuery(variable.query);
        const query = `label_values(${scopeQuery(metric, scope)}, ${label})`;
        return { ...variable, query, ...("definition" in variable && { definition: query }) };
      }),
    },
  };
  return `${JSON.stringify(scoped, undefined, 2)}\n`;
}

function scopedExpr<Query extends { readonly expr: string }>(query: Query, scope: Scope): Query {
  return { ...query, expr: scopeQuery(query.expr, scope) };
}

function matchersOf(scope: Scope): string {
  return Object.entries(scope)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(", ");
}
