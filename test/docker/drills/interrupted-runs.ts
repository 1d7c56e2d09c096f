import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Running } from "../../cli/run-fleet.ts";
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
}

/** However a run dies: the next command finishes what it left. */
export function killedRuns(fleet: DrillFleet, phases = kills.map(({ phase }) => phase)): void {
  const chosen = kills.filter(({ phase }) => phases.includes(phase));
  it.each(chosen)("is killed in $phase, and recovers", async ({ phase, set, reached }) => {
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
}
