import { it } from "vitest";
import { docker } from "../support/engine.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";

const rolledBack = /ROLLED BACK in [\d.]+ s/;

/** What is changed in place under the release that is live: a bad setting is undone, and costs nobody a call. */
export function badSettings(fleet: DrillFleet): void {
  it("rolls back: a gateway that is none", async () => {
    const { Config } = await docker.getContainer(await fleet.container("scene")).inspect();
    await fleet.fails("gateway image", { exit: 10, says: [rolledBack, /gateway-trial/] }, () =>
      fleet.up(`gateway.image=${Config.Image}`),
    );
  });

  it("rolls back: a gateway that lets nobody through", async () => {
    const says = [rolledBack, /gate public FAILED/, /429/];
    await fleet.fails("gateway rate limit", { exit: 10, says, lostBy: /429/ }, () =>
      fleet.up("gateway.rateLimit.requests=1"),
    );
  });

  it("rolls back: a pool too small for two releases", async () => {
    const sets = ["serverDefaults.poolSize=1", "pgbouncer.maxClientConnections=4"];
    await fleet.fails("pgbouncer setting", { exit: 10, says: [rolledBack] }, () =>
      fleet.up(...sets),
    );
  });

  it("rolls back: a migration that fails", async () => {
    await fleet.sql("CREATE SCHEMA reporting");
    fleet.useServers("scene", "review", "reporting");
    try {
      const says = [rolledBack, /migrations/, /reporting/];
      await fleet.fails("migration", { exit: 10, says }, () => fleet.up());
    } finally {
      fleet.useServers("scene", "review");
      await fleet.sql("DROP SCHEMA reporting");
    }
  });
}
