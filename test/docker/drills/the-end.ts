import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { DrillFleet } from "./support/drill-fleet.ts";

/** The last thing that is done to a fleet. */
export function theEnd(fleet: DrillFleet): void {
  it("destroys everything that it made, and says how to remove the data", async () => {
    await fleet.endLoad();
    const kept = await fleet.run("destroy");
    expect(kept.code, kept.stderr).toBe(0);
    const left = await fleet.objects();
    expect({ ...left, volumes: [] }).toEqual({ containers: {}, networks: [], volumes: [] });
    expect(left.volumes).toContain(`mcp-fleet-${fleet.stack}-postgres-17`);
    expect(kept.stdout).toContain(`./fleet destroy --stack ${fleet.stack} --delete-data`);

    const gone = await fleet.run("destroy", "--delete-data");
    expect(gone.code, gone.stderr).toBe(0);
    expect(gone.stdout).toContain(`stack ${fleet.stack} and its data are gone`);
    // The file that a team has committed is neither written to nor removed.
    expect(readFileSync(fleet.stackFile, "utf8")).toBe(fleet.stackFileText);
    expect(await fleet.objects()).toEqual({ containers: {}, networks: [], volumes: [] });
  });
}
