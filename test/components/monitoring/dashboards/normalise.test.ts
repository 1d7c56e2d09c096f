import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  normaliseDashboard,
  panelId,
  refId,
} from "../../../../components/monitoring/dashboards/normalise.ts";

const dashboard = (titles: readonly string[]): Dashboard =>
  ({
    uid: "x",
    id: 7,
    version: 3,
    title: "X",
    panels: titles.map((title) => ({
      type: "timeseries",
      title,
      targets: [{ expr: "up" }, { expr: "down" }],
    })),
  }) as unknown as Dashboard;

interface Written {
  readonly panels: { id: number; title: string; targets: { refId: string }[] }[];
}

const written = (titles: readonly string[]) =>
  JSON.parse(normaliseDashboard(dashboard(titles))) as Written;

describe("normalised dashboards", () => {
  it("have ids that stay when panels come, go or change places", () => {
    const before = new Map(written(["a", "b", "c"]).panels.map(({ title, id }) => [title, id]));
    const after = new Map(written(["c", "new", "a"]).panels.map(({ title, id }) => [title, id]));
    expect(after.get("a")).toBe(before.get("a"));
    expect(after.get("c")).toBe(before.get("c"));
    expect(new Set([...before.values(), after.get("new")]).size).toBe(4);
  });

  it("have letters for queries, in their order", () => {
    expect(written(["a"]).panels[0]!.targets.map((target) => target.refId)).toEqual(["A", "B"]);
    expect([0, 25, 26, 51, 52, 701, 702].map(refId)).toEqual([
      ...["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"],
    ]);
  });

  it("have no identity of a database and no version, which differ from one Grafana to the next", () => {
    const { id, version } = written([]) as { id?: number; version?: number };
    expect([id, version]).toEqual([undefined, undefined]);
  });

  it("are the same bytes whatever the order of keys, and stay what they are", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const one = { ...dashboard(["a"]), options: extra };
        const other = Object.fromEntries(Object.entries(one).reverse()) as unknown as Dashboard;
        const text = normaliseDashboard(one);
        expect(normaliseDashboard(other)).toBe(text);
        expect(normaliseDashboard(JSON.parse(text) as Dashboard)).toBe(text);
      }),
    );
  });

  it("have ids that are whole numbers above zero", () => {
    fc.assert(
      fc.property(fc.string(), (title) => {
        const id = panelId(title);
        expect(Number.isInteger(id) && id >= 1 && id <= 2 ** 24).toBe(true);
      }),
    );
  });
});
