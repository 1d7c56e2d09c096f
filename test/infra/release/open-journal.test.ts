import { describe, expect, it } from "vitest";
import type { Deployment } from "../../../infra/release/deployment.ts";
import { withOpenJournal } from "../../../infra/release/open-journal.ts";
import { deploymentBefore, packDeployment } from "../../../infra/release/pack.ts";
import { readRecords, transactionState } from "../../../infra/release/records.ts";
import { restore } from "../../../infra/release/restore.ts";
import { deployment, thing } from "./deployment-records.ts";
import { fakeHost } from "./fake-host.ts";
import { committed, journal } from "./release-records.ts";

const before = deployment(
  ...committed("t-1", "r-1", { before: "the release before that one" }),
  thing("a", "1"),
);

/** The update after it: its journal, the old one condemned, and a change. */
function failed(): Deployment {
  const [old, ...records] = committed("t-1", "r-1", { before: "the release before that one" });
  const packed = packDeployment(before);
  return deployment(
    journal({ transaction: "t-2", release: "r-2", from: "r-1", before: packed }, { id: "t-2-j" }),
    { ...old!, delete: true },
    ...records,
    thing("a", "1", { inputs: { size: 7 } }),
  );
}

const stateOf = ({ resources = [] }: Deployment) => transactionState(readRecords(resources));

describe("a rollback that is under way", () => {
  it("is open in the state until its last import, and knows by itself where to go", async () => {
    const host = fakeHost(failed());
    const whole = { version: 3, deployment: before };
    host.engine.replayed = () => withOpenJournal(failed(), before).deployment!;
    const report = await restore(host.engine, {
      before: whole,
      logicalTypes: /^pulumi:index:Stash$/,
    });
    const [merged, settled] = host.engine.imported.map((state) => state.deployment!);
    expect(stateOf(merged!)).toBe("open");
    expect(deploymentBefore(merged!)).toEqual(before);
    // Killed here and begun anew, however often.
    const again = withOpenJournal(merged!, deploymentBefore(merged!)).deployment!;
    expect(stateOf(again)).toBe("open");
    expect(deploymentBefore(again)).toEqual(before);
    expect(settled).toEqual(before);
    expect(report).toMatchObject({ exact: true, different: [] });
  });

  it("leaves a deployment alone that has nothing to go back to, or no transaction open", () => {
    expect(withOpenJournal(failed(), undefined).deployment).toBeUndefined();
    expect(withOpenJournal(before, before).deployment).toBe(before);
    const plain = deployment(thing("a", "1"));
    expect(withOpenJournal(failed(), plain).deployment).toBe(plain);
    expect(withOpenJournal(plain, before).close(plain)).toBe(plain);
  });
});
