import { expect, it } from "vitest";
import type { DrillFleet } from "./support/drill-fleet.ts";

/** However many start at once: one winner, and the others are told who it is. */
export function oneOfTen(fleet: DrillFleet): void {
  it("lets one of ten runs win", async () => {
    const runs = Array.from({ length: 10 }, () => fleet.startUp("logging.level=debug"));
    const ended = await Promise.all(runs.map((run) => run.ended));
    const codes = ended.map(({ code }) => code);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    const losers = ended.filter(({ code }) => code !== 0);
    for (const { code, stderr } of losers) {
      expect(code, stderr).toBe(13);
      expect(stderr).toMatch(/is locked by .*, since \d{4}-/);
    }
    const back = await fleet.deploy();
    expect(back.stderr).not.toContain("was not committed");
  });
}
