import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { promDuration } from "../../../components/monitoring/rules.render.ts";

describe("promDuration", () => {
  it.each([
    [0, "0s"],
    [15, "15s"],
    [60, "1m"],
    [90, "1m30s"],
    [3600, "1h"],
    [3661, "1h1m1s"],
    [86_400, "24h"],
  ])("%i -> %s", (seconds, text) => {
    expect(promDuration(seconds)).toBe(text);
  });

  it("loses no second", () => {
    const units = { h: 3600, m: 60, s: 1 };
    fc.assert(
      fc.property(fc.nat(1_000_000), (seconds) => {
        const parts = [...promDuration(seconds).matchAll(/(\d+)([hms])/g)];
        const sum = parts.reduce(
          (total, [, count, unit]) => total + Number(count) * units[unit as "h" | "m" | "s"],
          0,
        );
        expect(sum).toBe(seconds);
      }),
    );
  });
});
