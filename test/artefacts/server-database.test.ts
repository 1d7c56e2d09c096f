import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bundleServer } from "../../servers/build.ts";
import { toolsOf } from "../../servers/domains/index.ts";
import { DOMAIN_NAMES } from "../../servers/domains/names.ts";
import type { DomainName } from "../../servers/domains/names.ts";
import type { Migration } from "../../servers/migrate/embedded.ts";
import { migrateSchema } from "../../servers/migrate/runner.ts";
import { createPostgresCluster } from "../servers/postgres-cluster.ts";
import type { PostgresCluster } from "../servers/postgres-cluster.ts";
import { sampleCalls } from "../servers/sample-calls.ts";
import { runNode, startServer, statusOf, untilStatus } from "../servers/server-process.ts";
import type { Environment, ServerProcess } from "../servers/server-process.ts";

const WRITER_PASSWORD = "writer-password-of-the-test";
const ERAS = { "2025": { mode: "legacy" }, "2026": { mode: { pin: "2026-07-28" } } } as const;

let cluster: PostgresCluster;
let folder: string;
const running: ServerProcess[] = [];

const schemaOf = (name: string): string => name.replaceAll("-", "_");
const passwordOf = (role: string): string => `password-of-${role}`;
const passwordFile = (role: string): string => join(folder, "passwords", role);

function migrate(): ReturnType<typeof runNode> {
  return runNode(join(folder, "migrate.mjs"), {
    DATABASE_HOST: "127.0.0.1",
    DATABASE_PORT: String(cluster.port),
    DATABASE_PASSWORD_FILE: join(folder, "writer"),
    ROLES_FILE: join(folder, "roles.json"),
    ROLE_PASSWORDS_DIR: join(folder, "passwords"),
  });
}

async function start(name: string, env: Environment = {}): Promise<ServerProcess> {
  const user = `${schemaOf(name)}_a`;
  const server = await startServer(folder, {
    SERVER_NAME: name,
    DATABASE_HOST: "127.0.0.1",
    DATABASE_PORT: String(cluster.port),
    DATABASE_USER: user,
    DATABASE_PASSWORD_FILE: passwordFile(user),
    ...env,
  });
  running.push(server);
  return server;
}

async function startReady(name: string, env: Environment = {}): Promise<ServerProcess> {
  const server = await start(name, env);
  await untilStatus(`${server.url}/live`, 200, 15_000);
  return server;
}

async function connect(server: ServerProcess, era: keyof typeof ERAS): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: ERAS[era] });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
  return client;
}

async function asLogin<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const password = readFileSync(passwordFile(role), "utf8").trim();
  const client = new pg.Client({
    host: "127.0.0.1",
    port: cluster.port,
    user: role,
    database: "mcp_series",
    password,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcp-servers-"));
  mkdirSync(join(folder, "passwords"));
  [cluster] = await Promise.all([createPostgresCluster(WRITER_PASSWORD), bundleServer(folder)]);
  const servers = [
    ...DOMAIN_NAMES.map((name) => ({ name, schema: schemaOf(name) })),
    { name: "npe", schema: "npe", domain: "book-planning" },
    { name: "outside", schema: "outside" },
  ];
  const spec = { servers, exporterRole: "postgres_exporter", lookupRole: "pgbouncer_auth" };
  writeFileSync(join(folder, "roles.json"), JSON.stringify(spec));
  writeFileSync(join(folder, "writer"), `${WRITER_PASSWORD}\n`);
  const roles = [
    ...servers.flatMap(({ schema }) => [`${schema}_a`, `${schema}_b`]),
    "postgres_exporter",
    "pgbouncer_auth",
  ];
  for (const role of roles) writeFileSync(passwordFile(role), `${passwordOf(role)}\n`);
});

afterEach(async () => {
  for (const server of running) server.child.kill("SIGKILL");
  await Promise.all(running.splice(0).map((server) => server.exited));
});

afterAll(() => {
  cluster.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe("migration job", () => {
  it("creates roles, schemas and tables once, and changes nothing the second time", async () => {
    const first = migrate();
    expect(await first.exited, first.output()).toBe(0);
    const verifiers = async (): Promise<unknown[]> => {
      const admin = await cluster.superuser();
      const { rows } = await admin.query<{ rolname: string; rolpassword: string }>(
        "SELECT rolname, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1",
      );
      await admin.end();
      return rows;
    };
    const before = await verifiers();
    const second = migrate();
    expect(await second.exited, second.output()).toBe(0);
    const summary = (run: typeof first): unknown =>
      JSON.parse(run.output().trim().split("\n").at(-1) ?? "");
    expect(summary(first)).toMatchObject({
      message: "migration finished",
      schemas: 12,
      applied: 11,
    });
    expect(summary(second)).toMatchObject({
      message: "migration finished",
      schemas: 12,
      applied: 0,
    });
    expect(await verifiers()).toEqual(before);
    expect(first.output() + second.output()).not.toMatch(/password-of-|SCRAM/);
    expect(readFileSync(join(cluster.folder, "log"), "utf8")).not.toMatch(/password-of-/);
  });

  it("lets a login work in its own schema alone, bounded in time", async () => {
    await asLogin("book_planning_b", async (client) => {
      const { rows } = await client.query("SHOW search_path");
      expect(rows).toEqual([{ search_path: "book_planning" }]);
      expect((await client.query("SHOW statement_timeout")).rows).toEqual([
        { statement_timeout: "30s" },
      ]);
      await client.query("SELECT count(*) FROM books");
      await expect(client.query("SELECT * FROM scene.scenes")).rejects.toThrow(
        "permission denied for schema scene",
      );
      await expect(client.query("CREATE TABLE mine (id int)")).rejects.toThrow(
        "permission denied for schema",
      );
      await expect(client.query("DELETE FROM schema_migrations")).rejects.toThrow(
        "permission denied",
      );
      await expect(client.query("DROP TABLE books")).rejects.toThrow("must be owner");
    });
  });

  it("refuses a wrong password at once, and names every bad setting", async () => {
    const env = {
      DATABASE_HOST: "127.0.0.1",
      DATABASE_PORT: String(cluster.port),
      ROLES_FILE: join(folder, "roles.json"),
      ROLE_PASSWORDS_DIR: join(folder, "passwords"),
    };
    const wrong = runNode(join(folder, "migrate.mjs"), {
      ...env,
      DATABASE_PASSWORD_FILE: passwordFile("scene_a"),
    });
    expect(await wrong.exited).toBe(1);
    expect(wrong.output()).toContain("password authentication failed");
    const empty = runNode(join(folder, "migrate.mjs"), {
      DATABASE_PORT: "x",
      ROLES_FILE: "/nowhere",
    });
    expect(await empty.exited).toBe(1);
    for (const key of [
      "DATABASE_HOST",
      "DATABASE_PORT",
      "DATABASE_PASSWORD_FILE",
      "ROLES_FILE",
      "ROLE_PASSWORDS_DIR",
    ]) {
      expect(empty.output()).toContain(`  ${key}: `);
    }
  });

  it("rolls a failing file back, refuses a changed one, and accepts only compatible newer ones", async () => {
    const file = (version: number, sql: string, checksum = sql): Migration => ({
      version,
      name: "m",
      file: `outside/000${version}_m.sql`,
      sql,
      checksum,
    });
    const writer = new pg.Client({
      host: "127.0.0.1",
      port: cluster.port,
      user: "writer",
      database: "mcp_series",
      password: WRITER_PASSWORD,
    });
    await writer.connect();
    try {
      const one = file(1, "CREATE TABLE things (id int);");
      const bad = file(2, "CREATE TABLE others (id int);\nSELECT nonsense;");
      await expect(migrateSchema(writer, "outside", [one, bad])).rejects.toThrow(
        'outside/0002_m.sql failed at line 2 (character 38): column "nonsense" does not exist (SQLSTATE 42703)',
      );
      const { rows } = await writer.query(
        "SELECT to_regclass('outside.things') AS kept, to_regclass('outside.others') AS lost",
      );
      expect(rows).toMatchObject([{ lost: null }]);
      expect(rows).not.toMatchObject([{ kept: null }]);
      await expect(migrateSchema(writer, "outside", [{ ...one, checksum: "x" }])).rejects.toThrow(
        "0001_m.sql was changed",
      );
      const two = file(2, "CREATE TABLE others (id int);");
      const three = file(3, "-- incompatible: drops what older servers read\nDROP TABLE things;");
      expect(await migrateSchema(writer, "outside", [one, two])).toMatchObject({
        applied: [two.file],
        version: 2,
      });
      expect(await migrateSchema(writer, "outside", [one])).toMatchObject({
        applied: [],
        version: 2,
      });
      await migrateSchema(writer, "outside", [one, two, three]);
      await expect(migrateSchema(writer, "outside", [one, two])).rejects.toThrow(
        "marked incompatible",
      );
      await writer.query("SET ROLE outside_owner");
      await writer.query("DELETE FROM outside.schema_migrations");
    } finally {
      await writer.end();
    }
  });
});

describe("servers", () => {
  it("serve every tool of all ten domains to official clients of both eras, and count each call", async () => {
    const servers = await Promise.all(
      DOMAIN_NAMES.map(async (name) => [name, await startReady(name)] as const),
    );
    const results = new Map<string, Record<string, unknown>>();
    for (const [index, era] of (["2025", "2026"] as const).entries()) {
      for (const [name, server] of servers) {
        expect(await statusOf(`${server.url}/ready`), server.output()).toBe(200);
        const client = await connect(server, era);
        const listed = (await client.listTools()).tools.map((tool) => tool.name);
        expect(listed).toEqual([...toolsOf(name).keys()]);
        for (const [tool, args] of sampleCalls(era, index + 1)[name]) {
          const result = await client.callTool({ name: tool, arguments: args });
          expect(result.isError, `${tool}: ${JSON.stringify(result.content)}`).toBeFalsy();
          results.set(`${era} ${tool}`, result.structuredContent as Record<string, unknown>);
        }
        await client.close();
      }
    }
    expect(results.get("2026 check_continuity")).toEqual({
      consistent: false,
      contradictions: [
        {
          subject: expect.stringMatching(/anna/i) as string,
          attribute: expect.stringMatching(/eyes/i) as string,
          statements: [
            { id: 3, value: "green", source: "ch 1" },
            { id: 4, value: "blue", source: "ch 3" },
          ],
        },
      ],
    });
    expect(results.get("2025 daily_progress")).toEqual({
      days: [
        { day: "2026-01-31", written: 500 },
        { day: "2026-01-30", written: 700 },
      ],
    });
    expect(results.get("2026 search_scenes")).toMatchObject({ matches: [{ id: 1 }, { id: 2 }] });
    expect(results.get("2025 list_books")).toMatchObject({
      books: [{ id: 1, status: "idea" }],
      nextAfter: null,
    });
    for (const [name, server] of servers) await expectExactCounts(name, server);
  });

  it("tell the truth about the database within 5 s, live on without it, and recover alone", async () => {
    const server = await startReady("scene");
    const client = await connect(server, "2026");
    expect(await statusOf(`${server.url}/health`)).toBe(200);
    const busy = Array.from({ length: 20 }, () =>
      client.callTool({ name: "list_scenes", arguments: {} }),
    );
    cluster.stop();
    try {
      // Calls that were cut off are answered, too.
      for (const result of await Promise.all(busy)) expect(result.content).toHaveLength(1);
      expect(await untilStatus(`${server.url}/ready`, 503, 5000)).toBeLessThan(5000);
      expect(await statusOf(`${server.url}/live`)).toBe(200);
      expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({
        status: "unhealthy",
        database: { healthy: false },
      });
      const result = await client.callTool({ name: "list_scenes", arguments: {} });
      expect(result).toMatchObject({
        isError: true,
        content: [
          { text: expect.stringContaining("the database is not available (request ") as string },
        ],
      });
      expect(await (await fetch(server.metricsUrl)).text()).toContain(
        'mcp_database_up{service="scene"} 0',
      );
    } finally {
      cluster.start();
    }
    await untilStatus(`${server.url}/ready`, 200, 15_000);
    expect((await client.callTool({ name: "list_scenes", arguments: {} })).isError).toBeFalsy();
    expect(server.child.exitCode).toBeNull();
    expect(server.output()).not.toContain("password-of-");
  });

  it("use a rotated password for new connections without a restart", async () => {
    const server = await startReady("review");
    const client = await connect(server, "2026");
    writeFileSync(passwordFile("review_a"), "rotated-password-of-review\n");
    const run = migrate();
    expect(await run.exited, run.output()).toBe(0);
    const admin = await cluster.superuser();
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'review_a'",
    );
    await admin.end();
    await untilStatus(`${server.url}/ready`, 200, 15_000);
    expect((await client.callTool({ name: "review_summary", arguments: {} })).isError).toBeFalsy();
  });

  it("finish calls in flight on SIGTERM, refuse new sessions meanwhile, and exit with 0", async () => {
    const server = await startReady("author", { FAULT: "slow:1200", DRAIN_SECONDS: "10" });
    const client = await connect(server, "2025");
    const call = client.callTool({ name: "list_authors", arguments: {} });
    await untilInFlight(server);
    server.child.kill("SIGUSR1");
    server.child.kill("SIGTERM");
    await untilStatus(`${server.url}/ready`, 503, 1000);
    expect(await statusOf(`${server.url}/live`)).toBe(200);
    await expect(connect(server, "2025")).rejects.toThrow("about to stop");
    expect((await call).isError).toBeFalsy();
    expect(await server.exited).toBe(0);
    expect(server.output()).not.toContain("Debugger listening");
    expect(server.output()).toContain("MISBEHAVES ON PURPOSE");
  });

  it("cut calls that outlast the drain time, and exit at once on a second signal", async () => {
    const slow = { FAULT: "slow:20000", DRAIN_SECONDS: "1" };
    const [bounded, impatient] = await Promise.all([
      startReady("author", slow),
      startReady("author", { ...slow, DRAIN_SECONDS: "60" }),
    ]);
    const clients = await Promise.all(
      [bounded, impatient].map((server) => connect(server, "2026")),
    );
    const outcomes = clients.map((client) =>
      client.callTool({ name: "list_authors", arguments: {} }).then(
        () => "answered",
        () => "cut",
      ),
    );
    await Promise.all([bounded, impatient].map(untilInFlight));
    bounded.child.kill("SIGTERM");
    impatient.child.kill("SIGTERM");
    await untilStatus(`${impatient.url}/ready`, 503, 1000);
    impatient.child.kill("SIGTERM");
    expect(await impatient.exited).toBe(1);
    expect(await bounded.exited).toBe(0);
    expect(bounded.output()).toContain('"cut":1');
    expect(await Promise.all(outcomes)).toEqual(["cut", "cut"]);
  });

  it("end idle sessions and hold the limit", async () => {
    const server = await startReady("reporting", { SESSION_IDLE_SECONDS: "1", SESSION_MAX: "2" });
    const initialize = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "t", version: "1" },
      },
    };
    const post = (body: unknown, headers: Environment = {}): Promise<Response> =>
      fetch(`${server.url}/mcp`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      });
    const opened = await Promise.all([post(initialize), post(initialize), post(initialize)]);
    expect(opened.map((response) => response.status).sort()).toEqual([200, 200, 503]);
    const id = opened.find((response) => response.ok)?.headers.get("mcp-session-id") ?? "";
    const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };
    expect((await post(list, { "mcp-session-id": id })).status).toBe(200);
    expect((await post(list)).status).toBe(400);
    await delay(1500);
    expect((await post(list, { "mcp-session-id": id })).status).toBe(404);
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ activeSessions: 0 });
    expect((await post(initialize)).status).toBe(200);
  });

  it("misbehave as a drill asks for", async () => {
    const [exit, unready, noMcp, fail] = await Promise.all([
      start("scene", { FAULT: "exit" }),
      startReady("scene", { FAULT: "unready" }),
      startReady("scene", { FAULT: "no-mcp" }),
      startReady("scene", { FAULT: "fail:1" }),
    ]);
    expect(await exit.exited).toBe(1);
    expect(await statusOf(`${unready.url}/ready`)).toBe(503);
    expect(await statusOf(`${unready.url}/live`)).toBe(200);
    expect(await statusOf(`${noMcp.url}/ready`)).toBe(200);
    await expect(connect(noMcp, "2026")).rejects.toThrow();
    await expect(connect(noMcp, "2025")).rejects.toThrow();
    const client = await connect(fail, "2026");
    expect(await client.callTool({ name: "list_scenes", arguments: {} })).toMatchObject({
      isError: true,
    });
  });

  it("refuse to start on a bad configuration, naming all of it", async () => {
    const server = await start("scene", { PORT: "80", LOG_LEVEL: "loud", FAULT: "explode" });
    expect(await server.exited).toBe(1);
    for (const key of ["PORT", "LOG_LEVEL", "FAULT"])
      expect(server.output()).toContain(`  ${key}: got `);
  });

  it("run any domain under another name, and answer the container's health check", async () => {
    const server = await startReady("npe", { SERVER_DOMAIN: "book-planning" });
    const client = await connect(server, "2026");
    const call = await client.callTool({
      name: "create_book",
      arguments: { title: "Own schema", premise: "It works." },
    });
    expect(call.structuredContent).toMatchObject({ book: { id: 1 } });
    const check = (port: string): Promise<unknown> =>
      runNode(join(folder, "health.mjs"), { PORT: port }).exited;
    expect(await check(new URL(server.url).port)).toBe(0);
    expect(await check("1")).toBe(1);
  });
});

/** Waits until the server works on a call. */
async function untilInFlight(server: ServerProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await (await fetch(server.metricsUrl)).text();
    if (/^mcp_in_flight_calls\{.*\} 1$/m.test(text)) return;
    await delay(20);
  }
  throw new Error("no call came in flight");
}

/** Sums the calls of both eras per tool and compares them with what was asked. */
async function expectExactCounts(name: DomainName, server: ServerProcess): Promise<void> {
  const text = await (await fetch(server.metricsUrl)).text();
  const expected = new Map<string, number>();
  for (const [tool] of [...sampleCalls("2025", 1)[name], ...sampleCalls("2026", 2)[name]]) {
    expected.set(tool, (expected.get(tool) ?? 0) + 1);
  }
  const counted = new Map<string, number>();
  const pattern =
    /^mcp_server_operation_duration_seconds_count\{.*mcp_method_name="tools\/call",gen_ai_tool_name="([^"]+)",error_type="".*\} (\d+)$/gm;
  for (const [, tool = "", count] of text.matchAll(pattern))
    counted.set(tool, (counted.get(tool) ?? 0) + Number(count));
  expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(expected));
}
