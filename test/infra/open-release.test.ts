import { describe, expect, it } from "vitest";
import { newTransaction } from "../../infra/open-release.ts";

describe("newTransaction", () => {
  it("says when, and is never the same twice", () => {
    const names = Array.from({ length: 200 }, newTransaction);
    expect(new Set(names).size).toBe(200);
    for (const name of names) expect(name).toMatch(/^t-\d{8}T\d{6}Z-[0-9a-f]{12}$/);
    const stamp = names[0]!.slice(2, 18).replace(/(....)(..)(..T..)(..)/, "$1-$2-$3:$4:");
    expect(Math.abs(Date.parse(stamp) - Date.now())).toBeLessThan(60_000);
  });
});
