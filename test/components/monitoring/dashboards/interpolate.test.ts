import { describe, expect, it } from "vitest";
import {
  builtIns,
  interpolate,
  variablesIn,
} from "../../../../components/monitoring/dashboards/interpolate.ts";

const values = {
  server: ["scene", "core.x"],
  one: ["scene"],
  ...builtIns({ scrapeIntervalSeconds: 15, stepSeconds: 30, rangeSeconds: 3600 }),
};

describe("a query as Grafana would send it", () => {
  it.each([
    ['up{service="$one"}', 'up{service="scene"}'],
    ['up{service="${one}"}', 'up{service="scene"}'],
    ['up{service=~"$server"}', 'up{service=~"(scene|core\\\\.x)"}'],
    ["rate(x[$__rate_interval])", "rate(x[60s])"],
    ["increase(x[$__range])", "increase(x[3600s])"],
    ["increase(x[$__interval])", "increase(x[30s])"],
  ])("%s -> %s", (text, sent) => {
    expect(interpolate(text, values)).toBe(sent);
  });

  it("has a rate interval of at least four scrapes, and of a step and a scrape", () => {
    const interval = (stepSeconds: number) =>
      builtIns({ scrapeIntervalSeconds: 15, stepSeconds, rangeSeconds: 3600 })["__rate_interval"];
    expect([interval(300), interval(1)]).toEqual([["315s"], ["60s"]]);
  });

  it("is refused when a variable has no value", () => {
    expect(() => interpolate('up{x="$nobody"}', values)).toThrow(
      'no value for $nobody in up{x="$nobody"}',
    );
  });

  it("names its variables, and not the fields of a series", () => {
    expect(
      variablesIn("$a ${b} ${c:regex} $__range ${__field.labels.service} ${__value.raw}"),
    ).toEqual([...["a", "b", "c", "__range"]]);
  });
});
