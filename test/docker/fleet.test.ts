import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkFleet } from "../../infra/health/check-fleet.ts";
import { allHealthy } from "../../infra/health/report.ts";
import { renderFleet } from "../../infra/render.ts";
import { E2eFleet, nameOf, projectFile, rootDir, type UpAnswer } from "./support/e2e-fleet.ts";
import {
  addressOn,
  changed,
  containerEvents,
  docker,
  eventually,
  exec,
  fileIn,
  incarnations,
  inVolume,
  memoryOf,
  objectsOf,
  workloads,
} from "./support/engine.ts";
import {
  declarationProblems,
  expectedWorkloads,
  hardeningProblems,
  networkRolesOf,
} from "./support/hardening.ts";
import {
  callOnce,
  connect,
  eras,
  postStatus,
  readClientConfig,
  type ClientEntry,
} from "./support/mcp-conversation.ts";
import { alertsAt, PrometheusApi } from "./support/prometheus.ts";
import { connectFrom, watchReadiness } from "./support/inside.ts";
import { engineShows, filesBelow, secretHits } from "./support/secret-scan.ts";
import { routesOf, scrapeJobsOf } from "./support/routes.ts";

const liveSetting = ["--set", "gateway.rateLimit.requests=100000"];
const title = "The Lamp at the End of the Pier";

describe("the whole fleet, as a user runs it", () => {
  let fleet: E2eFleet;
  let first: UpAnswer;
  let prometheus: PrometheusApi;
  let tokens: { readonly primary: string; readonly backup: string };
  let clients: Record<string, ClientEntry>;

  const report = (what: string, value: string): void => console.info(`${what}: ${value}`);
  const names = (): string[] => fleet.spec().servers.map(({ name }) => name);
  const up = async (
    what: string,
    ...args: string[]
  ): Promise<{ answer: UpAnswer; said: string }> => {
    const { stdout, stderr, seconds } = await fleet.must("up", "--json", ...args);
    const summary = /^(updated in|nothing to change).*/m.exec(stderr)?.[0] ?? "";
    report(`up, ${what}`, `${seconds.toFixed(1)} s (${summary})`);
    return { answer: JSON.parse(stdout) as UpAnswer, said: stderr };
  };
  const container = async (component: string): Promise<string> => {
    const found = (await workloads(fleet.stack)).get(component);
    if (!found) throw new Error(`${component} has no container`);
    return found.Id;
  };
  const check = (servers = first.servers) =>
    checkFleet(fleet.stack, {
      servers,
      prometheusUrl: first.prometheusUrl,
      token: tokens.primary,
    });

  beforeAll(async () => {
    fleet = await E2eFleet.create((line) => report("toolchain", line));
  });
  afterAll(() => fleet.dispose());

  it("up deploys it and prints where everything is", async () => {
    first = (await up("first")).answer;
    expect(first.release).toMatch(/^r-[0-9a-f]{10}$/);
    expect(Object.keys(first.servers)).toHaveLength(10);
    expect(Object.keys(first.servers).sort()).toEqual(names().sort());
    for (const [name, url] of Object.entries(first.servers)) {
      expect(url).toBe(`${first.gatewayUrl}/${name}/mcp`);
      expect(first.clientConfig.mcpServers[name]).toEqual({
        type: "streamable-http",
        url,
        headers: { Authorization: "Bearer ${MCP_FLEET_TOKEN}" },
      });
    }
    expect(first.components.every(({ healthy }) => healthy)).toBe(true);
    for (const url of [first.prometheusUrl, first.alertmanagerUrl]) {
      expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    }
    expect(Object.keys(first)).not.toContain("tokens");
    prometheus = new PrometheusApi(first.prometheusUrl);
    const shown = await fleet.must("outputs", "--json", "--show-secrets");
    const outputs = JSON.parse(shown.stdout) as { tokens: { default: typeof tokens } };
    tokens = outputs.tokens.default;
    const file = join(fleet.home, "mcp.json");
    writeFileSync(file, JSON.stringify(first.clientConfig));
    clients = readClientConfig(readFileSync(file, "utf8"), { MCP_FLEET_TOKEN: tokens.primary });
    const memory = await memoryOf((await workloads(fleet.stack)).values());
    report("memory of all containers", `${memory.used} MiB, of it ${memory.anonymous} anonymous`);
    expect(memory.used).toBeLessThan(2560);
  });

  it("has nothing to change afterwards", async () => {
    const before = await incarnations(fleet.stack);
    const preview = await fleet.must("preview", "--json");
    expect(JSON.parse(preview.stdout)).toEqual({ stack: fleet.stack, changes: {} });
    const { answer, said } = await up("nothing changed");
    expect(said).toContain("nothing to change");
    expect([answer.release, answer.transaction]).toEqual([first.release, first.transaction]);
    expect(changed(before, await incarnations(fleet.stack))).toEqual([]);
  });

  it("serves official clients of both eras on all ten servers, and counts their calls", async () => {
    const before = await prometheus.byJob("mcp_requests_total");
    for (const name of names()) {
      for (const era of eras) {
        const conversation = await connect(era, clients[name]!);
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
      () => prometheus.byJob("mcp_requests_total"),
      (after) => names().every((name) => after[name]! >= (before[name] ?? 0) + 4),
    );
  });

  it("keeps what a client writes, for the other era and on the server's own port too", async () => {
    const planning = clients["book-planning"]!;
    await callOnce("2026", planning, "create_book", { title, premise: "Who lit it?" });
    const offset = fleet.spec().gateway.serverPortOffset;
    const direct = { ...planning, url: `http://127.0.0.1:${3001 + offset}/mcp` };
    for (const [era, entry] of [
      ["2025", planning],
      ["2025", direct],
      ["2026", direct],
    ] as const) {
      const { books } = await callOnce(era, entry, "list_books");
      expect(books).toMatchObject([{ title, premise: "Who lit it?" }]);
    }
    for (const { name, port } of fleet.spec().servers) {
      const entry = { ...clients[name]!, url: `http://127.0.0.1:${port + offset}/mcp` };
      expect(await callOnce("2026", entry, "server_status")).toMatchObject({ server: name });
    }
  });

  it("refuses strangers, foreign origins and bodies over the limit", async () => {
    const status = (headers: Record<string, string>, body?: string) =>
      postStatus(first.servers["scene"]!, headers, body);
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    expect(await status({})).toBe(401);
    expect(await status(bearer("x".repeat(48)))).toBe(401);
    expect(await status({ ...bearer(tokens.primary), origin: "https://evil.example" })).toBe(403);
    const limit = fleet.spec().gateway.maxBodyBytes;
    expect(await status(bearer(tokens.primary), "x".repeat(limit + 1))).toBe(413);
    expect(tokens.backup).not.toBe(tokens.primary);
    const backup = {
      url: clients["scene"]!.url,
      headers: { Authorization: `Bearer ${tokens.backup}` },
    };
    expect(await callOnce("2026", backup, "server_status")).toMatchObject({ server: "scene" });
  });

  it("scrapes every part and nothing else, and Alertmanager hears Prometheus", async () => {
    const parts = ["gateway", "postgres", "pgbouncer", "prometheus", "alertmanager"];
    const targets = await eventually(
      60,
      () => prometheus.targets(),
      (all) => all.every(({ health }) => health === "up"),
    );
    expect(targets.map(({ labels }) => labels["job"]).sort()).toEqual(
      [...names(), ...parts].sort(),
    );
    const alerts = await eventually(
      90,
      () => alertsAt(first.alertmanagerUrl),
      (all) => all.includes("Watchdog"),
    );
    expect(alerts).not.toContain("TargetDown");
  });

  it("runs every container as declared: no root, no way out, bounded", async () => {
    const spec = fleet.spec();
    const expected = expectedWorkloads(spec, first.grafanaUrl !== null);
    const running = await workloads(fleet.stack);
    expect([...running.keys()].sort()).toEqual([...expected.keys()].sort());
    const resources = (await fleet.state({ showSecrets: false })).filter(
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
    const roles = await networkRolesOf(fleet.stack);
    expect(roles).toEqual({
      data: "inside",
      db: "inside",
      edge: "outside",
      mcp: "inside",
      obs: "inside",
    });
  });

  it("lets a server reach the pooler, but neither PostgreSQL nor the world", async () => {
    const running = await workloads(fleet.stack);
    const postgres = addressOn(running.get("postgres")!, "db");
    const host = `mcp-fleet-${fleet.stack}`;
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
    const secrets = await fleet.secrets();
    // Ten login pairs, owner, exporter, lookup, statistics, and the client's two tokens.
    expect(secrets.size).toBeGreaterThanOrEqual(26);
    expect([...secrets.values()]).toEqual(expect.arrayContaining([tokens.primary, tokens.backup]));
    for (const value of secrets.values()) expect(value.length).toBeGreaterThanOrEqual(32);
    const places = [
      ...filesBelow(fleet.stateDir),
      ...filesBelow(join(fleet.home, "config")),
      ...filesBelow(join(rootDir, ".build")),
      ...(await engineShows(fleet.stack)),
      { where: "output of the commands", text: fleet.transcript.join("\n") },
      { where: "stack outputs", text: (await fleet.must("outputs", "--json")).stdout },
    ];
    expect(secretHits(secrets, places)).toEqual([]);
    // The same search finds what is really there.
    const stack = new Map([["name of the stack", fleet.stack]]);
    expect(secretHits(stack, places).length).toBeGreaterThan(60);
  });

  it("status, health and outputs tell the same fleet", async () => {
    const status = JSON.parse((await fleet.must("status", "--json")).stdout) as UpAnswer;
    expect(status).toMatchObject({ state: "live", release: first.release });
    const health = JSON.parse((await fleet.must("health", "--json")).stdout) as UpAnswer;
    expect(health).toMatchObject({ healthy: true });
    expect(health.components).toHaveLength(first.components.length);
    const outputs = JSON.parse((await fleet.must("outputs", "--json")).stdout) as UpAnswer;
    expect(outputs).toMatchObject({ servers: first.servers, tokens: "[secret]" });
  });

  it("renders without an engine what really runs, twice the same bytes", async () => {
    const rendered = await Promise.all(
      [1, 2].map(async () => {
        const out = mkdtempSync(join(fleet.home, "render-"));
        await fleet.must("render", "--out", out);
        return filesBelow(out).map(({ where, text }) => [where.slice(out.length + 1), text]);
      }),
    );
    expect(rendered[0]).toEqual(rendered[1]);
    const files = Object.fromEntries(rendered[0]!) as Record<string, string>;
    expect(files).toEqual(renderFleet(fleet.spec()));
    const gateway = await container("gateway");
    for (const name of ["routes.map", "ports.map"]) {
      const live = await fileIn(gateway, `/etc/haproxy/current/${name}`);
      expect(live).toBe(files[`gateway/${name}`]!.trim());
    }
    const haproxy = await fileIn(gateway, "/etc/haproxy/current/haproxy.cfg");
    expect(routesOf(haproxy)).toEqual(routesOf(files["gateway/haproxy.cfg"]!));
    const scraped = await fileIn(
      await container("prometheus"),
      "/etc/prometheus/current/prometheus.yml",
    );
    expect(scrapeJobsOf(scraped)).toEqual(scrapeJobsOf(files["prometheus/prometheus.yml"]!));
  });

  it("tells within 5 s that the database is gone, restarts nothing, and recovers by itself", async () => {
    const before = await incarnations(fleet.stack);
    const postgres = await container("postgres");
    const watch = await watchReadiness(await workloads(fleet.stack), fleet.spec().servers);
    await docker.getContainer(postgres).stop();
    const gone = Date.parse((await docker.getContainer(postgres).inspect()).State.FinishedAt);
    const unready = await watch.unready;
    const delays = Object.values(unready).map((at) => at - gone);
    report("unready after the end of PostgreSQL", `${Math.max(...delays)} ms at the latest`);
    expect(Object.keys(unready).sort()).toEqual(names().sort());
    expect(Math.max(...delays)).toBeLessThanOrEqual(5000);
    await eventually(
      30,
      () => Promise.all(Object.values(clients).map(({ url, headers }) => postStatus(url, headers))),
      (statuses) => statuses.every((status) => status === 503),
    );
    const health = await fleet.run("health", "--json");
    expect(health.code).toBe(1);
    expect(health.stdout).toMatch(/"component": "postgres",\s+"healthy": false/);
    await docker.getContainer(postgres).start();
    await eventually(90, check, allHealthy);
    expect(changed(before, await incarnations(fleet.stack))).toEqual(["postgres"]);
    for (const info of (await workloads(fleet.stack)).values()) expect(info.RestartCount).toBe(0);
  });

  it("repairs what was changed by hand, and leaves everything else alone", async () => {
    const running = await workloads(fleet.stack);
    const before = await incarnations(fleet.stack);
    const gateway = running.get("gateway")!;
    const routes = await fileIn(gateway.Id, "/etc/haproxy/current/routes.map");
    await docker.getContainer(running.get("review")!.Id).remove({ force: true });
    await docker.getContainer(running.get("scene")!.Id).stop();
    await inVolume(
      `mcp-fleet-${fleet.stack}-gateway-files`,
      gateway.Image,
      "echo /stray/mcp scene >> /files/current/routes.map",
    );
    expect(await fileIn(gateway.Id, "/etc/haproxy/current/routes.map")).not.toBe(routes);
    const { answer } = await up("three things changed by hand");
    expect(answer.release).toBe(first.release);
    expect(changed(before, await incarnations(fleet.stack))).toEqual(["review", "scene"]);
    const repaired = await fileIn(gateway.Id, "/etc/haproxy/current/routes.map");
    expect(repaired).toBe(routes);
  });

  it("takes a live setting into the running gateway", async () => {
    const before = await incarnations(fleet.stack);
    await up("a live setting", ...liveSetting);
    expect(changed(before, await incarnations(fleet.stack))).toEqual([]);
    const config = await fileIn(await container("gateway"), "/etc/haproxy/current/haproxy.cfg");
    expect(config).toContain("gt 100000 ");
  });

  it("replaces only the server whose setting changed: the new one first", async () => {
    const before = await incarnations(fleet.stack);
    const old = await container("scene");
    const since = Date.now();
    await up("a server's setting", ...liveSetting, "--set", "servers.scene.env.X=1");
    expect(changed(before, await incarnations(fleet.stack))).toEqual(["scene"]);
    const scene = (await workloads(fleet.stack)).get("scene")!;
    expect(scene.Config.Env).toContain("X=1");
    const events = await containerEvents(fleet.stack, since);
    expect(events).toContain(`start ${scene.Id}`);
    expect(events.indexOf(`start ${scene.Id}`)).toBeLessThan(events.indexOf(`die ${old}`));
    await expect(docker.getContainer(old).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it("leaves the running fleet alone when an update cannot work", async () => {
    const before = await incarnations(fleet.stack);
    const sets = [...liveSetting, "--set", "servers.scene.image=mcp-fleet/no-such:1"];
    const refused = await fleet.run("up", ...sets);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(/update failed[^]*mcp-fleet\/no-such:1/);
    expect(changed(before, await incarnations(fleet.stack))).toEqual([]);
    expect((await check()).filter(({ healthy }) => !healthy)).toEqual([]);
  });

  it("grows by one list entry, and shrinks by removing it, keeping its data", async () => {
    const before = await incarnations(fleet.stack);
    const file = join(fleet.home, "eleven.yaml");
    const entry = "servers:\n  - name: outline\n    port: 3011\n    domain: book-planning\n";
    writeFileSync(file, projectFile("fleets/writing.yaml").replace(/^servers:\n/m, entry));
    fleet.useFleetFile(file);
    const sets = [...liveSetting, "--set", "servers.scene.env.X=1"];
    const { answer } = await up("an eleventh server", ...sets);
    expect(Object.keys(answer.servers)).toHaveLength(11);
    // Docker cannot add a published port to a running container.
    expect(changed(before, await incarnations(fleet.stack))).toEqual(["gateway", "outline"]);
    const added = readClientConfig(JSON.stringify(answer.clientConfig), {
      MCP_FLEET_TOKEN: tokens.primary,
    })["outline"]!;
    await callOnce("2026", added, "create_book", { title: "Only here", premise: "" });
    const port = 3011 + fleet.spec().gateway.serverPortOffset;
    const own = { ...added, url: `http://127.0.0.1:${port}/mcp` };
    const { books } = await callOnce("2025", own, "list_books");
    expect(books).toMatchObject([{ title: "Only here" }]);
    await eventually(
      60,
      () => prometheus.targets(),
      (all) => all.some(({ labels, health }) => labels["job"] === "outline" && health === "up"),
    );

    fleet.useFleetFile("fleets/writing.yaml");
    await up("the eleventh removed", ...sets);
    expect(changed(before, await incarnations(fleet.stack))).toEqual(["gateway"]);
    expect(await postStatus(added.url, added.headers)).toBe(404);
    await eventually(
      60,
      () => prometheus.targets(),
      (all) => all.length === 15,
    );
    const { tables } = await callOnce("2026", clients["database-admin"]!, "list_tables", {
      schema: "outline",
    });
    expect(JSON.stringify(tables)).toContain(`"books"`);
  });

  it("destroy keeps the data and says how to remove it; the next up finds it again", async () => {
    const destroyed = await fleet.must("destroy");
    report("destroy", `${destroyed.seconds.toFixed(1)} s`);
    const { containers, networks, volumes } = await objectsOf(fleet.stack);
    expect({ containers, networks }).toEqual({ containers: [], networks: [] });
    const prefix = `mcp-fleet-${fleet.stack}`;
    expect(volumes).toEqual(expect.arrayContaining([`${prefix}-postgres-17`]));
    expect(volumes.filter((name) => !/-(postgres-17|data)$/.test(name))).toEqual([]);
    expect(destroyed.stdout).toContain(volumes.join(", "));
    expect(destroyed.stdout).toContain(`./fleet destroy --stack ${fleet.stack} --delete-data`);

    const { answer } = await up("from stopped, images built");
    const shown = await fleet.must("outputs", "--json", "--show-secrets");
    const fresh = JSON.parse(shown.stdout) as { tokens: { default: { primary: string } } };
    const again = readClientConfig(JSON.stringify(answer.clientConfig), {
      MCP_FLEET_TOKEN: fresh.tokens.default.primary,
    });
    const { books } = await callOnce("2026", again["book-planning"]!, "list_books");
    expect(books).toMatchObject([{ title }]);
  });

  it("destroy --delete-data leaves nothing at all", async () => {
    const resources = await fleet.state({ showSecrets: false });
    expect(resources.map(({ urn }) => nameOf(urn))).toContain(`mcp-fleet-${fleet.stack}-gateway`);
    await fleet.must("destroy", "--delete-data");
    expect(await objectsOf(fleet.stack)).toEqual({ containers: [], networks: [], volumes: [] });
    const status = await fleet.run("status");
    expect([status.code, status.stderr]).toEqual([
      1,
      expect.stringContaining(`stack ${fleet.stack} does not exist`) as unknown,
    ]);
    const left = readdirSync(join(fleet.home, "config", "mcp-fleet", "stacks"));
    expect(left).toEqual([]);
  });
});
