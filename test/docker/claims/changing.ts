import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { allHealthy } from "../../../infra/health/report.ts";
import { projectFile } from "../support/e2e-fleet.ts";
import {
  changed,
  followContainers,
  docker,
  eventually,
  fileIn,
  incarnations,
  inVolume,
  workloads,
} from "../support/engine.ts";
import { watchReadiness } from "../support/inside.ts";
import type { LiveFleet } from "../support/live-fleet.ts";
import { callOnce, postStatus, readClientConfig } from "../support/mcp-conversation.ts";

const liveSetting = ["--set", "gateway.rateLimit.requests=100000"];

/** Outages, hands and updates: each touches what it has to, and nothing else. */
export function changingClaims(live: LiveFleet): void {
  it("tells within 5 s that the database is gone, restarts nothing, and recovers by itself", async () => {
    const before = await incarnations(live.fleet.stack);
    const postgres = await live.container("postgres");
    const watch = await watchReadiness(
      await workloads(live.fleet.stack),
      live.fleet.spec().servers,
    );
    await docker.getContainer(postgres).stop();
    const gone = Date.parse((await docker.getContainer(postgres).inspect()).State.FinishedAt);
    const unready = await watch.unready;
    const delays = Object.values(unready).map((at) => at - gone);
    live.report("unready after the end of PostgreSQL", `${Math.max(...delays)} ms at the latest`);
    expect(Object.keys(unready).sort()).toEqual(live.names().sort());
    expect(Math.max(...delays)).toBeLessThanOrEqual(5000);
    await eventually(
      30,
      () =>
        Promise.all(
          Object.values(live.clients).map(({ url, headers }) => postStatus(url, headers)),
        ),
      (statuses) => statuses.every((status) => status === 503),
    );
    const health = await live.fleet.run("health", "--json");
    expect(health.code).toBe(1);
    expect(health.stdout).toMatch(/"component": "postgres",\s+"healthy": false/);
    await docker.getContainer(postgres).start();
    await eventually(90, () => live.check(), allHealthy);
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual(["postgres"]);
    for (const info of (await workloads(live.fleet.stack)).values())
      expect(info.RestartCount).toBe(0);
  });

  it("comes back by itself when every container is started again, as after a reboot", async () => {
    const running = [...(await workloads(live.fleet.stack)).values()];
    const before = await incarnations(live.fleet.stack);
    await Promise.all(running.map(({ Id }) => docker.getContainer(Id).stop()));
    await Promise.all(running.map(({ Id }) => docker.getContainer(Id).start()));
    await eventually(120, () => live.check(), allHealthy);
    expect(changed(before, await incarnations(live.fleet.stack))).toHaveLength(running.length);
  });

  it("repairs what was changed by hand, and leaves everything else alone", async () => {
    const running = await workloads(live.fleet.stack);
    const before = await incarnations(live.fleet.stack);
    const gateway = running.get("gateway")!;
    const routes = await fileIn(gateway.Id, "/etc/haproxy/current/routes.map");
    await docker.getContainer(running.get("review")!.Id).remove({ force: true });
    await docker.getContainer(running.get("scene")!.Id).stop();
    await inVolume(
      `mcp-fleet-${live.fleet.stack}-gateway-files`,
      gateway.Image,
      "echo /stray/mcp scene >> /files/current/routes.map",
    );
    expect(await fileIn(gateway.Id, "/etc/haproxy/current/routes.map")).not.toBe(routes);
    const { answer } = await live.up("three things changed by hand");
    expect(answer.release).toBe(live.first.release);
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual(["review", "scene"]);
    const repaired = await fileIn(gateway.Id, "/etc/haproxy/current/routes.map");
    expect(repaired).toBe(routes);
  });

  it("takes a live setting into the running gateway, and replaces only the server whose setting changed: the new one first", async () => {
    const before = await incarnations(live.fleet.stack);
    const old = await live.container("scene");
    const containers = await followContainers(live.fleet.stack);
    await live.up("two settings", ...liveSetting, "--set", "servers.scene.env.X=1");
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual(["scene"]);
    const config = await fileIn(
      await live.container("gateway"),
      "/etc/haproxy/current/haproxy.cfg",
    );
    expect(config).toContain("gt 100000 ");
    const scene = (await workloads(live.fleet.stack)).get("scene")!;
    expect(scene.Config.Env).toContain("X=1");
    const events = containers.stop();
    expect(events).toContain(`start ${scene.Id}`);
    expect(events.indexOf(`start ${scene.Id}`)).toBeLessThan(events.indexOf(`die ${old}`));
    await expect(docker.getContainer(old).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("grows by one list entry, and shrinks by removing it, keeping its data", async () => {
    const before = await incarnations(live.fleet.stack);
    const file = join(live.fleet.home, "eleven.yaml");
    const entry = "servers:\n  - name: outline\n    port: 3011\n    domain: book-planning\n";
    writeFileSync(file, projectFile("fleets/writing.yaml").replace(/^servers:\n/m, entry));
    live.fleet.useFleetFile(file);
    const sets = [...liveSetting, "--set", "servers.scene.env.X=1"];
    const { answer } = await live.up("an eleventh server", ...sets);
    expect(Object.keys(answer.servers)).toHaveLength(11);
    // Docker cannot add a published port to a running container.
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual(["gateway", "outline"]);
    const added = readClientConfig(JSON.stringify(answer.clientConfig), {
      MCP_FLEET_TOKEN: live.tokens.primary,
    })["outline"]!;
    await callOnce("2026", added, "create_book", { title: "Only here", premise: "None" });
    const port = 3011 + live.fleet.spec().gateway.serverPortOffset;
    const own = { ...added, url: `http://127.0.0.1:${port}/mcp` };
    const { books } = await callOnce("2025", own, "list_books");
    expect(books).toMatchObject([{ title: "Only here" }]);
    await eventually(
      60,
      () => live.prometheus.targets(),
      (all) => all.some(({ labels, health }) => labels["job"] === "outline" && health === "up"),
    );

    live.fleet.useFleetFile("fleets/writing.yaml");
    await live.up("the eleventh removed", ...sets);
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual(["gateway"]);
    expect(await postStatus(added.url, added.headers)).toBe(404);
    await eventually(
      60,
      () => live.prometheus.targets(),
      (all) => all.length === 15,
    );
    const { tables } = await callOnce("2026", live.clients["database-admin"]!, "list_tables", {
      schema: "outline",
    });
    expect(JSON.stringify(tables)).toContain(`"books"`);
  });
}
