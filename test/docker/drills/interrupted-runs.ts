import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Running } from "../../engine/cli/run-fleet.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";

const change = "servers.scene.env.DRILL=1";
const bad = "servers.scene.env.FAULT=exit";

interface Kill {
  readonly phase: string;
  readonly set: string;
  readonly reached: (run: Running, fleet: DrillFleet, evidence: number) => Promise<void>;
}

const kills: readonly Kill[] = [
  {
    phase: "PREPARE",
    set: change,
    reached: (run) => run.said(/created Container \S+-scene /),
  },
  { phase: "GATE", set: change, reached: (run) => run.said(/GATE {2}/) },
  { phase: "WATCH", set: change, reached: (run) => run.said(/WATCH {2}/) },
  {
    phase: "rollback",
    set: bad,
    reached: async (run, fleet, evidence) => {
      await run.said(/gate private FAILED/);
      // Evidence is the last thing before the rollback begins.
      while (evidenceFolders(fleet) === evidence) await delay(100);
      await delay(1500);
    },
  },
];

function evidenceFolders(fleet: DrillFleet): number {
  const folder = join(fleet.historyDir, "evidence");
  return existsSync(folder) ? readdirSync(folder).length : 0;
}

/** However a run ends: the release before is live, as it was. */
export function interruptedRuns(fleet: DrillFleet): void {
  it("rolls back at Ctrl-C", async () => {
    const says = [/interrupted: running steps are finished/, /ROLLED BACK in/];
    await fleet.fails("Ctrl-C", { exit: 10, says }, async () => {
      const run = fleet.startUp(change);
      await run.said(/GATE {2}/);
      run.signalGroup("SIGINT");
      return run.ended;
    });
  });

  it("stops at the second Ctrl-C, and recovers", async () => {
    const before = await fleet.standing();
    await fleet.drill("Ctrl-C twice", { exit: 130, says: [/interrupted/] }, async () => {
      const run = fleet.startUp(change);
      await run.said(/GATE {2}/);
      run.signalGroup("SIGINT");
      await delay(300);
      run.signalGroup("SIGINT");
      return run.ended;
    });
    await fleet.drill("recover after it", { exit: 0, says: [/recovered in [\d.]+ s/] }, () =>
      fleet.run("recover"),
    );
    await fleet.expectStanding(before);
  });

  it.each(kills)("is killed in $phase, and recovers", async ({ phase, set, reached }) => {
    const before = await fleet.standing();
    const entries = fleet.history().length;
    const run = fleet.startUp(set);
    await reached(run, fleet, evidenceFolders(fleet));
    run.signalGroup("SIGKILL");
    await run.ended;
    expect(fleet.history()).toHaveLength(entries);
    expect((await fleet.status()).state).toBe("frozen");
    await fleet.drill(
      `kill -9 in ${phase}`,
      { exit: 0, says: [/was not committed/, /recovered in [\d.]+ s: release r-\w+ is live/] },
      () => fleet.run("recover"),
    );
    await fleet.expectStanding(before);
    expect((await fleet.status()).state).toBe("rolled-back");
  });

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
