import { expect, it } from "vitest";
import { changed, eventually, incarnations, memoryOf, workloads } from "../support/engine.ts";
import { bookTitle, type LiveFleet } from "../support/live-fleet.ts";
import { callOnce, connect, eras, postStatus } from "../support/mcp-conversation.ts";
import { catalogueDrift, conditionallyAbsent } from "../support/catalogue-drift.ts";
import { alertsAt } from "../support/prometheus.ts";

/** The fleet comes up, stays as it is, and serves, watches and refuses as it should. */
export function servingClaims(live: LiveFleet): void {
  it("up deploys it and prints where everything is", async () => {
    await live.deploy();
    expect(live.first.release).toMatch(/^r-[0-9a-f]{10}$/);
    expect(Object.keys(live.first.servers)).toHaveLength(10);
    expect(Object.keys(live.first.servers).sort()).toEqual(live.names().sort());
    for (const [name, url] of Object.entries(live.first.servers)) {
      expect(url).toBe(`${live.first.gatewayUrl}/${name}/mcp`);
      expect(live.first.clientConfig.mcpServers[name]).toEqual({
        type: "streamable-http",
        url,
        headers: { Authorization: "Bearer ${MCP_FLEET_TOKEN}" },
      });
    }
    expect(live.first.components.every(({ healthy }) => healthy)).toBe(true);
    for (const url of [live.first.prometheusUrl, live.first.alertmanagerUrl]) {
      expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    }
    expect(Object.keys(live.first)).not.toContain("tokens");
    const memory = await memoryOf((await workloads(live.fleet.stack)).values());
    live.report(
      "memory of all containers",
      `${memory.used} MiB, of it ${memory.anonymous} anonymous`,
    );
    expect(memory.used).toBeLessThan(2560);
  });

  it("has nothing to change afterwards", async () => {
    const before = await incarnations(live.fleet.stack);
    const preview = await live.fleet.must("preview", "--json");
    expect(JSON.parse(preview.stdout)).toEqual({ stack: live.fleet.stack, changes: {} });
    const { answer, said } = await live.up("nothing changed");
    expect(said).toContain("nothing to change");
    expect([answer.release, answer.transaction]).toEqual([
      live.first.release,
      live.first.transaction,
    ]);
    expect(changed(before, await incarnations(live.fleet.stack))).toEqual([]);
  });

  it("serves official clients of both eras on all ten servers, and counts their calls", async () => {
    const before = await live.prometheus.byJob("mcp_requests_total");
    for (const name of live.names()) {
      for (const era of eras) {
        const conversation = await connect(era, live.clients[name]!);
        try {
          expect(await conversation.tools()).toContain("server_status");
          const status = await conversation.call("server_status");
          expect(status).toMatchObject({ server: name, database: { healthy: true } });
          expect(conversation.protocol).toMatch(era === "2025" ? /^2025-/ : /^2026-07-28$/);
          expect(conversation.session === undefined).toBe(era === "2026");
        } finally {
          await conversation.close();
        }
      }
    }
    // Two lists and two calls on each, besides what the handshakes count.
    await eventually(
      30,
      () => live.prometheus.byJob("mcp_requests_total"),
      (after) => live.names().every((name) => after[name]! >= (before[name] ?? 0) + 4),
    );
  });

  it("keeps what a client writes, for the other era and on the server's own port too", async () => {
    const planning = live.clients["book-planning"]!;
    await callOnce("2026", planning, "create_book", { title: bookTitle, premise: "Who lit it?" });
    const offset = live.fleet.spec().gateway.serverPortOffset;
    const direct = { ...planning, url: `http://127.0.0.1:${3001 + offset}/mcp` };
    for (const [era, entry] of [
      ["2025", planning],
      ["2025", direct],
      ["2026", direct],
    ] as const) {
      const { books } = await callOnce(era, entry, "list_books");
      expect(books).toMatchObject([{ title: bookTitle, premise: "Who lit it?" }]);
    }
    for (const { name, port } of live.fleet.spec().servers) {
      const entry = { ...live.clients[name]!, url: `http://127.0.0.1:${port + offset}/mcp` };
      expect(await callOnce("2026", entry, "server_status")).toMatchObject({ server: name });
    }
  });

  it("refuses strangers, foreign origins and bodies over the limit", async () => {
    const status = (headers: Record<string, string>, body?: string) =>
      postStatus(live.first.servers["scene"]!, headers, body);
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect(await status({})).toBe(401);
    expect(await status(bearer("x".repeat(48)))).toBe(401);
    expect(await status({ ...bearer(live.tokens.primary), origin: "https://evil.example" })).toBe(
      403,
    );
    const limit = live.fleet.spec().gateway.maxBodyBytes;
    expect(await status(bearer(live.tokens.primary), "x".repeat(limit + 1))).toBe(413);
    expect(live.tokens.backup).not.toBe(live.tokens.primary);
    const backup = {
      url: live.clients["scene"]!.url,
      headers: { Authorization: `Bearer ${live.tokens.backup}` },
    };
    expect(await callOnce("2026", backup, "server_status")).toMatchObject({ server: "scene" });
  });

  it("scrapes every part and nothing else, and Alertmanager hears Prometheus", async () => {
    const parts = ["gateway", "postgres", "pgbouncer", "prometheus", "alertmanager"];
    const targets = await eventually(
      60,
      () => live.prometheus.targets(),
      (all) => all.every(({ health }) => health === "up"),
    );
    expect(targets.map(({ labels }) => labels["job"]).sort()).toEqual(
      [...live.names(), ...parts].sort(),
    );
    const alerts = await eventually(
      90,
      () => alertsAt(live.first.alertmanagerUrl),
      (all) => all.includes("Watchdog"),
    );
    expect(alerts).not.toContain("TargetDown");
  });

  it("exposes what the catalogue of metrics says, and nothing that it does not know", async () => {
    expect(await catalogueDrift(live.prometheus)).toEqual([]);
    const absent = await conditionallyAbsent(live.prometheus);
    live.report("metrics that this traffic did not bring about", [...absent.keys()].join(" "));
  });
}
