import { parser } from "@prometheus-io/lezer-promql";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderDashboards } from "../../../components/monitoring/dashboards/fleet-dashboards.ts";
import {
  queriesOf,
  readDashboard,
} from "../../../components/monitoring/dashboards/read-dashboard.ts";
import { monitoringSchema } from "../../../components/monitoring/monitoring.schema.ts";
import { renderPrometheus } from "../../../components/monitoring/prometheus.render.ts";
import {
  scopeDashboard,
  scopeQuery,
  scopeRules,
} from "../../../components/monitoring/scope.render.ts";
import type { RuleFile } from "../../../components/platform/platform.ts";
import { fleetInput } from "../../artefacts/monitoring-input.ts";

const scope = { namespace: "fleet-a" };
const label = 'namespace="fleet-a"';

describe("a query", () => {
  it.each([
    ["up", `up{${label}}`],
    ["up{}", `up{${label}}`],
    ['up{service="a"}', `up{${label}, service="a"}`],
    ['{service="a"}', `{${label}, service="a"}`],
    ["sum by (job) (rate(a[5m])) / b", `sum by (job) (rate(a{${label}}[5m])) / b{${label}}`],
    ["a unless a offset 1m", `a{${label}} unless a{${label}} offset 1m`],
    ["rate(a[$__rate_interval])", `rate(a{${label}}[$__rate_interval])`],
    ['a{service=~"$server"}[$__range]', `a{${label}, service=~"$server"}[$__range]`],
    [
      'label_replace(a, "b", "$1", "c", "(.+)")',
      `label_replace(a{${label}}, "b", "$1", "c", "(.+)")`,
    ],
    ["vector(1)", "vector(1)"],
    ["service:slo:ratio_rate1h > 0.1", `service:slo:ratio_rate1h{${label}} > 0.1`],
  ])("%s selects within the scope", (query, scoped) => {
    expect(scopeQuery(query, scope)).toBe(scoped);
  });

  it("has every label of the scope, written as PromQL has it", () => {
    expect(scopeQuery("up", { a: 'x"y', b: "z" })).toBe('up{a="x\\"y", b="z"}');
  });

  it("that is none is refused", () => {
    expect(() => scopeQuery("sum(up", scope)).toThrow("sum(up: no PromQL at");
  });
});

/** Selectors, and how many of them have the scope's label. */
function counted(query: string): readonly [number, number] {
  const text = query.replaceAll(/\$__\w+/g, "5m");
  let all = 0;
  let scoped = 0;
  parser
    .parse(text)
    .cursor()
    .iterate(({ name, from, to }) => {
      if (name !== "VectorSelector") return;
      all += 1;
      if (text.slice(from, to).split(label).length === 2) scoped += 1;
    });
  return [all, scoped];
}

describe("the rules of a fleet", () => {
  const files = Object.entries(renderPrometheus(fleetInput)).filter(([file]) =>
    file.endsWith(".rules.yml"),
  );

  it.each(files)("select within the scope and say so on what they make: %s", (_, text) => {
    const plain = parse(text) as RuleFile;
    const scoped = scopeRules(text, scope);
    expect(scoped.groups.map(({ name }) => name)).toEqual(plain.groups.map(({ name }) => name));
    const rules = scoped.groups.flatMap((group) => group.rules);
    expect(rules).toHaveLength(plain.groups.flatMap((group) => group.rules).length);
    for (const { expr, labels } of rules) {
      const [all, within] = counted(expr);
      expect(within, expr).toBe(all);
      expect(labels).toMatchObject(scope);
    }
    // Nothing else about them is another.
    const back = JSON.parse(
      JSON.stringify(scoped).replaceAll(
        /\{namespace=\\"fleet-a\\"\}|namespace=\\"fleet-a\\", /g,
        "",
      ),
      (key, value: unknown) => (key === "namespace" ? undefined : value),
    ) as unknown;
    expect(back).toEqual(
      JSON.parse(
        JSON.stringify({
          groups: plain.groups.map((group) => ({
            ...group,
            rules: group.rules.map((rule) => ({ ...rule, labels: rule.labels ?? {} })),
          })),
        }),
      ),
    );
  });
});

describe("the dashboards of a fleet", () => {
  const plain = renderDashboards(monitoringSchema.parse({}));
  const scoped = Object.values(plain).map((content) =>
    readDashboard({ content: scopeDashboard(content, scope) }),
  );

  it("ask within the scope alone, for the values of variables as well", () => {
    for (const dashboard of scoped) {
      const asked = [
        ...queriesOf(dashboard).map(({ expr }) => expr),
        ...dashboard.templating.list.map(({ query }) => /\((.*),/.exec(query)![1]!),
      ];
      expect(asked.length).toBeGreaterThan(3);
      for (const query of asked) {
        const [all, within] = counted(query);
        expect(within, query).toBe(all);
      }
    }
  });

  it("have identities and titles of their own, and lead to each other", () => {
    const uids = scoped.map(({ uid }) => uid!);
    const before = Object.values(plain).map((content) => readDashboard({ content }).uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const [index, uid] of uids.entries()) {
      expect(uid).toMatch(new RegExp(`^${before[index]}-[0-9a-f]{8}$`));
      // What Grafana takes.
      expect(uid.length).toBeLessThanOrEqual(40);
    }
    for (const { title } of scoped) expect(title).toMatch(/ \(fleet-a\)$/);
    const links = [...JSON.stringify(scoped).matchAll(/\/d\/([\w-]+)/g)].map(([, uid]) => uid!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect(uids).toContain(link);
  });

  it("are others in another scope", () => {
    const [content = ""] = Object.values(plain);
    const [one, other] = ["fleet-a", "fleet-b"].map(
      (namespace) => readDashboard({ content: scopeDashboard(content, { namespace }) }).uid,
    );
    expect(one).not.toBe(other);
  });
});
