import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderFleet } from "../../../infra/render.ts";
import type { LiveFleet } from "../support/live-fleet.ts";
import { rootDir, type UpAnswer } from "../support/e2e-fleet.ts";
import { addressOn, exec, fileIn, workloads } from "../support/engine.ts";
import {
  declarationProblems,
  expectedWorkloads,
  hardeningProblems,
  networkRolesOf,
} from "../support/hardening.ts";
import { connectFrom } from "../support/inside.ts";
import { routesOf, scrapeJobsOf } from "../support/routes.ts";
import { engineShows, filesBelow, secretHits } from "../support/secret-scan.ts";

/** What runs is what was declared: bounded, closed, silent about secrets, and told the same way everywhere. */
export function holdingClaims(live: LiveFleet): void {
  it("runs every container as declared: no root, no way out, bounded", async () => {
    const spec = live.fleet.spec();
    const expected = expectedWorkloads(spec, live.first.grafanaUrl !== null);
    const running = await workloads(live.fleet.stack);
    expect([...running.keys()].sort()).toEqual([...expected.keys()].sort());
    const resources = (await live.fleet.state({ showSecrets: false })).filter(
      ({ type }) => type === "docker:index/container:Container",
    );
    const problems: string[] = [];
    for (const [component, info] of running) {
      problems.push(
        ...hardeningProblems(info, expected.get(component)!, spec.logging),
        ...(await declarationProblems(
          info,
          resources.find(({ id }) => id === info.Id),
        )),
      );
    }
    expect(problems).toEqual([]);
    const roles = await networkRolesOf(live.fleet.stack);
    expect(roles).toEqual({
      data: "inside",
      db: "inside",
      edge: "outside",
      mcp: "inside",
      obs: "inside",
    });
  });

  it("lets a server reach the pooler, but neither PostgreSQL nor the world", async () => {
    const running = await workloads(live.fleet.stack);
    const postgres = addressOn(running.get("postgres")!, "db");
    const host = `mcp-fleet-${live.fleet.stack}`;
    const reach = (address: string, port: number) =>
      connectFrom(running.get("scene")!.Id, address, port);
    expect(await reach(`${host}-pgbouncer`, 6432)).toBe("reached");
    expect(await reach(`${host}-postgres`, 5432)).not.toBe("reached");
    expect(await reach(postgres, 5432)).not.toBe("reached");
    // Its own networks lead nowhere else: not even to a port that other containers of this engine do reach.
    const elsewhere = addressOn(running.get("prometheus")!, "edge");
    expect(await reach(elsewhere, 9090)).not.toBe("reached");
    const gateway = ["socat", "-u", "/dev/null", `TCP:${elsewhere}:9090,connect-timeout=3`];
    expect(await exec(running.get("gateway")!.Id, gateway)).toEqual({ code: 0, output: "" });
  });

  it("shows no secret anywhere in plain text", async () => {
    const secrets = await live.fleet.secrets();
    // Ten login pairs, owner, exporter, lookup, statistics, and the client's two tokens.
    expect(secrets.size).toBeGreaterThanOrEqual(26);
    expect([...secrets.values()]).toEqual(
      expect.arrayContaining([live.tokens.primary, live.tokens.backup]),
    );
    for (const value of secrets.values()) expect(value.length).toBeGreaterThanOrEqual(32);
    const places = [
      ...filesBelow(live.fleet.stateDir),
      ...filesBelow(join(live.fleet.home, "config")),
      ...filesBelow(join(rootDir, ".build")),
      ...(await engineShows(live.fleet.stack)),
      { where: "output of the commands", text: live.fleet.transcript.join("\n") },
      { where: "stack outputs", text: (await live.fleet.must("outputs", "--json")).stdout },
    ];
    expect(secretHits(secrets, places)).toEqual([]);
    // The same search finds what is really there.
    const stack = new Map([["name of the stack", live.fleet.stack]]);
    expect(secretHits(stack, places).length).toBeGreaterThan(60);
  });

  it("status, health and outputs tell the same fleet", async () => {
    const status = JSON.parse((await live.fleet.must("status", "--json")).stdout) as UpAnswer;
    expect(status).toMatchObject({ state: "live", release: live.first.release });
    const health = JSON.parse((await live.fleet.must("health", "--json")).stdout) as UpAnswer;
    expect(health).toMatchObject({ healthy: true });
    expect(health.components).toHaveLength(live.first.components.length);
    const outputs = JSON.parse((await live.fleet.must("outputs", "--json")).stdout) as UpAnswer;
    expect(outputs).toMatchObject({ servers: live.first.servers, tokens: "[secret]" });
  });

  it("renders without an engine what really runs, twice the same bytes", async () => {
    const rendered = await Promise.all(
      [1, 2].map(async () => {
        const out = mkdtempSync(join(live.fleet.home, "render-"));
        await live.fleet.must("render", "--out", out);
        return filesBelow(out).map(({ where, text }) => [where.slice(out.length + 1), text]);
      }),
    );
    expect(rendered[0]).toEqual(rendered[1]);
    const files = Object.fromEntries(rendered[0]!) as Record<string, string>;
    expect(files).toEqual(renderFleet(live.fleet.spec()));
    const gateway = await live.container("gateway");
    for (const name of ["routes.map", "ports.map"]) {
      const running = await fileIn(gateway, `/etc/haproxy/current/${name}`);
      expect(running).toBe(files[`gateway/${name}`]!.trim());
    }
    const haproxy = await fileIn(gateway, "/etc/haproxy/current/haproxy.cfg");
    expect(routesOf(haproxy)).toEqual(routesOf(files["gateway/haproxy.cfg"]!));
    const scraped = await fileIn(
      await live.container("prometheus"),
      "/etc/prometheus/current/prometheus.yml",
    );
    expect(scrapeJobsOf(scraped)).toEqual(scrapeJobsOf(files["prometheus/prometheus.yml"]!));
  });
}
