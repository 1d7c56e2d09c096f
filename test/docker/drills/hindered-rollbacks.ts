import { renameSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { docker } from "../support/engine.ts";
import type { DrillFleet } from "./support/drill-fleet.ts";
import { EngineProxy } from "./support/engine-proxy.ts";

const bad = "servers.scene.env.FAULT=unready";

/** Where there is not all that a rollback needs: it is frozen, and `recover` finishes it when the cause is gone. */
export function hinderedRollbacks(fleet: DrillFleet): void {
  it("makes an old server again that somebody removed meanwhile", async () => {
    const release = fleet.lastLive();
    await fleet.drill(
      "old server removed meanwhile",
      { exit: 10, says: [/ROLLED BACK in/], lostBy: /./ },
      async () => {
        const old = await fleet.container("scene");
        const run = fleet.startUp(bad);
        await run.said(/GATE {2}/);
        await docker.getContainer(old).remove({ force: true });
        return run.ended;
      },
    );
    expect((await fleet.status()).release).toBe(release);
    const unchanged = await fleet.deploy();
    expect(unchanged.stderr).toContain("nothing to change");
  });

  it("is frozen while the old image is gone, and recovers with it", async () => {
    const source = await docker.getContainer(await fleet.container("scene")).inspect();
    const image = `${fleet.stack}:1`;
    await docker.getImage(source.Image).tag({ repo: fleet.stack, tag: "1" });
    await fleet.deploy(`servers.scene.image=${image}`);
    const release = fleet.lastLive();
    await fleet.drill(
      "old image removed",
      { exit: 12, says: [/FROZEN/, /fleet recover --stack/], lostBy: /./ },
      async () => {
        const old = await fleet.container("scene");
        const run = fleet.startUp(bad);
        await run.said(/GATE {2}/);
        await docker.getContainer(old).remove({ force: true });
        await docker.getImage(image).remove({ force: true });
        return run.ended;
      },
    );
    expect((await fleet.status()).state).toBe("frozen");
    await docker.getImage(source.Image).tag({ repo: fleet.stack, tag: "1" });
    await fleet.drill(
      "recover with the image",
      { exit: 0, says: [/recovered in/], lostBy: /./ },
      () => fleet.run("recover"),
    );
    expect(await fleet.status()).toMatchObject({ state: "rolled-back", release });
    await fleet.deploy();
    await docker.getImage(image).remove({ force: true });
  });

  it("is frozen while the engine is stopped, and recovers with it", async () => {
    const before = await fleet.standing();
    const engine = await EngineProxy.listen(join(fleet.sandbox.dir, "docker.sock"));
    const says = [/FROZEN/, /fleet recover --stack/];
    await fleet.drill("engine stopped", { exit: 12, says }, async () => {
      const run = fleet.startUpIn({ DOCKER_HOST: engine.host }, bad);
      await run.said(/GATE {2}/);
      engine.cut();
      return run.ended;
    });
    expect((await fleet.status()).state).toBe("frozen");
    await fleet.drill("recover with the engine", { exit: 0, says: [/recovered in/] }, () =>
      fleet.run("recover"),
    );
    await fleet.expectStanding(before);
  });

  it("is frozen without the passphrase, and recovers with it", async () => {
    const before = await fleet.standing();
    const file = fleet.passphraseFile;
    await fleet.drill("passphrase missing", { exit: 12, says: [/FROZEN/] }, async () => {
      const run = fleet.startUp(bad);
      await run.said(/GATE {2}/);
      renameSync(file, `${file}.away`);
      return run.ended.finally(() => renameSync(`${file}.away`, file));
    });
    await fleet.drill("recover with it", { exit: 0, says: [/recovered in/] }, () =>
      fleet.run("recover"),
    );
    await fleet.expectStanding(before);
  });
}
