import { expect, it } from "vitest";
import { docker } from "../support/engine.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";

/** Drift made by hand, and the way to an older release. */
export function returns(fleet: DrillFleet): void {
  it("repairs what was changed by hand", async () => {
    const release = fleet.lastLive();
    const [scene, review] = [await fleet.container("scene"), await fleet.container("review")];
    await docker.getContainer(scene).remove({ force: true });
    await docker.getContainer(review).stop();
    await fleet.drill("drift", { exit: 0, says: [/GATE {2}/], lostBy: /./ }, () => fleet.up());
    expect((await fleet.status()).release).toBe(release);
    expect(await fleet.container("scene")).not.toBe(scene);
    const unchanged = await fleet.deploy();
    expect(unchanged.stderr).toContain("nothing to change");
  });

  it("returns to the release before the one before", async () => {
    const first = fleet.lastLive();
    await fleet.deploy("servers.scene.env.DRILL=1");
    await fleet.deploy("servers.scene.env.DRILL=2");
    expect(fleet.lastLive()).not.toBe(first);
    await fleet.drill("rollback --to, two back", { exit: 0, says: [/is live again/] }, () =>
      fleet.run("rollback", "--to", first),
    );
    expect(await fleet.status()).toMatchObject({ state: "live", release: first });
    const unchanged = await fleet.deploy();
    expect(unchanged.stderr).toContain("nothing to change");
  });

  it("has a history of all of it that nobody has edited", async () => {
    const { code, stdout } = await fleet.run("history", "--verify");
    expect(code).toBe(0);
    expect(stdout).toContain(`${fleet.history().length} entries`);
  });
}
