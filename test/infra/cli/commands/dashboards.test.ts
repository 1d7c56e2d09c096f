import { describe, expect, it } from "vitest";
import { readRange, spanOf } from "../../../../infra/cli/commands/dashboards.ts";

describe("fleet dashboards", () => {
  it.each([
    ["5m", 300],
    ["6h", 21_600],
    ["30d", 2_592_000],
  ])("looks %s back", (text, seconds) => {
    expect(readRange(text)).toBe(seconds);
  });

  it.each(["4m", "31d", "0h", "1w", "h", "1.5h", "-1h", ""])("refuses --range %j", (text) => {
    expect(() => readRange(text)).toThrow(`--range: got ${text}; use 5m to 30d`);
  });

  it("asks for whole steps, none shorter than a scrape", () => {
    expect(spanOf(1_000_007, 900, 15)).toEqual({ from: 999_105, to: 1_000_005, step: 15 });
    const day = spanOf(1_000_007, 86_400, 15);
    expect(day.step).toBe(288);
    expect((day.to - day.from) / day.step).toBe(300);
  });
});
