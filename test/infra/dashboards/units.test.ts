import { describe, expect, it } from "vitest";
import { formatValue } from "../../../infra/dashboards/preview/units.ts";

describe("numbers of a preview", () => {
  it.each<[number, string, string, number?]>([
    [0.0512, "percentunit", "5.12 %"],
    [0.999, "percentunit", "99.90 %", 2],
    [0, "percentunit", "0 %"],
    [12.345, "ms", "12.3 ms"],
    [1500, "ms", "1.5 s"],
    [0.0123, "s", "12.3 ms"],
    [0.000_045, "s", "45 µs"],
    [0, "s", "0 s"],
    [90, "s", "1.5 min"],
    [30, "dtdurations", "30 s"],
    [86_400 * 12, "dtdurations", "12 d"],
    [0, "bytes", "0 B"],
    [1536, "bytes", "1.5 KiB"],
    [160 * 1024 ** 2, "bytes", "160 MiB"],
    [2048, "Bps", "2 KiB/s"],
    [6.25, "reqps", "6.25/s"],
    [0.5, "ops", "0.5/s"],
    [1234, "short", "1234"],
    [1_234_567, "short", "1.23 M"],
    [0.1 + 0.2, "none", "0.3"],
    [2.5, "short", "3", 0],
    [NaN, "short", "–"],
    [Infinity, "s", "∞"],
    [-1024, "bytes", "-1 KiB"],
  ])("%d in %s is %s", (value, unit, text, decimals) => {
    expect(formatValue(value, unit, decimals)).toBe(text);
  });
});
