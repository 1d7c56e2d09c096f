import { expect, it } from "vitest";
import type { DrillFleet } from "./support/drill-fleet.ts";
import { expectEvidence } from "./support/evidence.ts";

/** There is nothing to return to: what was made goes, data stays, and the next `up` is as good as the first. */
export function firstDeployment(fleet: DrillFleet): void {
  it("cleans a first deployment up at Ctrl-C", async () => {
    const says = [
      /interrupted: running steps are finished, then everything is rolled back/,
      /^CLEANED UP in [\d.]+ s: the first deployment failed/m,
    ];
    await fleet.drill("first deployment, Ctrl-C", { exit: 11, says }, async () => {
      const run = fleet.startUp();
      await run.said(/created Container \S+-config-files/);
      run.signalGroup("SIGINT");
      return run.ended;
    });
    const left = await fleet.objects();
    expect({ ...left, volumes: [] }).toEqual({ containers: {}, networks: [], volumes: [] });
  });

  it("cleans up a first deployment that fails, and keeps its volumes", async () => {
    const says = [/CLEANED UP in [\d.]+ s/, /scene\/ready/, /evidence: /];
    await fleet.drill("first deployment fails", { exit: 11, says }, () =>
      fleet.up("servers.scene.env.FAULT=unready"),
    );
    const left = await fleet.objects();
    expect(left.containers).toEqual({});
    expect(left.networks).toEqual([]);
    expect(left.volumes).toContain(`mcp-fleet-${fleet.stack}-postgres-17`);
    expectEvidence(fleet, "scene", /FAULT/);
    expect((await fleet.status()).state).toBe("none");
  });

  it("deploys on the volumes that are left", async () => {
    const retry = { exit: 0, says: [/parts healthy/] };
    const { stderr } = await fleet.drill("retry", retry, () => fleet.up());
    expect(stderr).not.toContain("was not committed");
    // The volumes carry the labels of the transaction that made them; from here on the state knows that.
    const unchanged = await fleet.deploy();
    expect(unchanged.stderr).toContain("nothing to change");
    await fleet.beginLoad();
  });
}
