import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatabaseCredentials } from "../../components/database/credentials.ts";
import { PgBouncerExporter, PostgresExporter } from "../../components/database/exporters.ts";
import { Migrations } from "../../components/database/migrations.ts";
import { PgBouncer } from "../../components/database/pgbouncer.ts";
import { pgbouncerSchema } from "../../components/database/pgbouncer.schema.ts";
import { Postgres } from "../../components/database/postgres.ts";
import { postgresFiles } from "../../components/database/postgres.render.ts";
import { postgresSchema } from "../../components/database/postgres.schema.ts";
import {
  type Asked,
  get,
  recordingPlatform,
  recordResources,
  value,
} from "../components/database/recording-platform.ts";
import { buildImages, DatabaseLab, docker, must, until } from "./database-harness.ts";

const spec = postgresSchema.parse({});
const pooler = pgbouncerSchema.parse({});
const lab = new DatabaseLab();

/** What the mocked random provider answers. */
const password = (role: string) => `made-up-for-credentials-${role}`;

let asked: Asked;
let postgresPort = 0;
let poolerPort = 0;

beforeAll(async () => {
  await buildImages([
    "postgres",
    "pgbouncer",
    "postgres-exporter",
    "pgbouncer-exporter",
    "mcp-server",
  ]);
  await recordResources([]);
  asked = compose();
  await lab.open();
  for (const [name, files] of asked.files) await lab.files(name, files);
  for (const [name, files] of asked.liveFiles) {
    lab.makeCurrent(name, (await lab.stage(name, files)).version);
  }
  // Five images from nothing, on a machine that has more to do.
}, 900_000);

afterAll(() => lab.close());

/** The data tier as a fleet has it, for one server. */
function compose(): Asked {
  const recorded = recordingPlatform(lab.prefix);
  const { platform } = recorded;
  const servers = [{ name: "book-planning", domain: "book-planning" }];
  const credentials = new DatabaseCredentials("credentials", { servers: ["book-planning"] });
  const postgres = new Postgres("db", { platform, spec, credentials });
  const image = platform.image("mcp-server");
  const common = { platform, memoryMb: 64 };
  new Migrations("schema", { platform, image, spec, pooler, servers, credentials, postgres });
  const pool = new PgBouncer("pool", {
    platform,
    spec: pooler,
    database: spec.name,
    postgres: postgres.address,
    credentials,
  });
  new PostgresExporter("db-metrics", {
    ...common,
    password: credentials.exporter,
    target: postgres.address,
    database: spec.name,
  });
  new PgBouncerExporter("pool-metrics", {
    ...common,
    password: credentials.stats,
    target: pool.address,
  });
  return recorded.asked;
}

const server = () => lab.name("postgres");
const pool = () => lab.name("pgbouncer");

async function startPostgres(): Promise<void> {
  await lab.start("postgres", get(asked.workloads, "postgres"), { publish: [5432] });
  await ready(server());
  postgresPort = await lab.port(server(), 5432);
}

async function startPooler(): Promise<void> {
  await lab.start("pgbouncer", get(asked.workloads, "pgbouncer"), { publish: [6432] });
  await until("the pooler answers", 20, async () => (await ctl(pool(), "health")).code === 0);
  poolerPort = await lab.port(pool(), 6432);
}

function ready(container: string): Promise<void> {
  return until(`${container} accepts connections`, 60, async () => {
    const state = await must("inspect", "--format={{.State.Status}}", container);
    if (state !== "running") throw new Error(`${state}: ${await must("logs", container)}`);
    return (await docker("exec", container, "postgres-ctl", "health")).code === 0;
  });
}

function ctl(container: string, ...args: string[]) {
  return docker(
    "exec",
    container,
    container === pool() ? "pgbouncer-ctl" : "postgres-ctl",
    ...args,
  );
}

/** As superuser over the socket, by the container's own user. */
function superuser(sql: string, container = server()): Promise<string> {
  return must(
    ...["exec", container, "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"],
    ...["-h", "/run/postgresql", "-d", spec.name, "-c", sql],
  );
}

interface Login {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

async function as<T>(port: number, login: Login, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    database: spec.name,
    connectionTimeoutMillis: 10_000,
    ...login,
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Message of the refused login. */
function refusal(port: number, login: Login): Promise<string> {
  return as(port, login, () => Promise.resolve("let in")).catch((error: Error) => error.message);
}

describe("PostgreSQL", () => {
  beforeAll(startPostgres);

  it("makes a cluster with checksums and SCRAM only", async () => {
    expect(await superuser("SHOW data_checksums")).toBe("on");
    expect(await superuser("SHOW password_encryption")).toBe("scram-sha-256");
    expect(
      await superuser(
        "SELECT rolname, left(rolpassword, 14) FROM pg_authid WHERE rolcanlogin ORDER BY 1",
      ),
    ).toBe("postgres|\nwriter|SCRAM-SHA-256$");
  });

  it("runs with the figures of the spec", async () => {
    for (const [name, setting] of [
      ["shared_buffers", "256MB"],
      ["max_connections", "200"],
      ["wal_buffers", "16MB"],
      ["max_worker_processes", "4"],
      ["effective_cache_size", "1GB"],
      ["checkpoint_completion_target", "0.9"],
      ["fsync", "on"],
      ["server_version_num", expect.stringMatching(/^17/) as string],
    ]) {
      expect([name, await superuser(`SHOW ${name}`)]).toEqual([name, setting]);
    }
  });

  it("leaves PUBLIC nothing and the owner no superuser", async () => {
    expect(
      await superuser(
        "SELECT count(*) FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE grantee = 0 AND datname NOT IN ('template0')",
      ),
    ).toBe("0");
    expect(
      await superuser(
        "SELECT count(*) FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public' AND grantee = 0",
      ),
    ).toBe("0");
    expect(
      await superuser(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = 'writer'",
      ),
    ).toBe("f|t|f|f|f");
  });

  it("lets its owner in over the network and the superuser not", async () => {
    const owner = { user: "writer", password: password("owner") };
    expect(await refusal(postgresPort, owner)).toBe("let in");
    expect(await refusal(postgresPort, { ...owner, password: "wrong" })).toContain(
      "password authentication failed",
    );
    expect(await refusal(postgresPort, { user: "postgres", password: "" })).toContain(
      "pg_hba.conf rejects connection",
    );
    expect(await refusal(postgresPort, { ...owner, database: "postgres" })).toContain(
      "pg_hba.conf rejects connection",
    );
  });

  it("keeps its data over a restart, and stops cleanly within 20 s", async () => {
    await superuser("CREATE TABLE public.kept AS SELECT 42 AS answer");
    const started = Date.now();
    await must("stop", "--time=120", server());
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(await must("inspect", "--format={{.State.ExitCode}}", server())).toBe("0");
    expect(await must("logs", server())).toContain("database system is shut down");
    await must("start", server());
    await ready(server());
    expect(await superuser("SELECT answer FROM public.kept")).toBe("42");
  });

  it("comes back after kill -9 with what was committed", async () => {
    await superuser("INSERT INTO public.kept VALUES (43)");
    await must("kill", "--signal=KILL", server());
    await must("start", server());
    await ready(server());
    expect(await superuser("SELECT max(answer) FROM public.kept")).toBe("43");
    await superuser("DROP TABLE public.kept");
    postgresPort = await lab.port(server(), 5432);
  });

  it("refuses a second server on the same volume", async () => {
    const second = await lab.start("postgres", get(asked.workloads, "postgres"), { as: "second" });
    expect(await must("wait", second)).toBe("1");
    expect(await must("logs", second)).toContain("another server still runs on this volume");
    expect((await ctl(server(), "health")).code).toBe(0);
  });

  it("finishes an initialisation that was killed at any time", async () => {
    const workload = get(asked.workloads, "postgres");
    const interrupted = { as: "interrupted", volume: "interrupted" };
    const survived: number[] = [];
    for (const milliseconds of [200, 500, 900, 1400, 2000, 2700, 3500]) {
      const container = await lab.start("postgres", workload, interrupted);
      await delay(milliseconds);
      await must("kill", "--signal=KILL", container);
      if (!(await must("logs", container)).includes("listening on IPv4"))
        survived.push(milliseconds);
    }
    // At least one kill fell into the initialisation, or this has shown nothing.
    expect(survived.length).toBeGreaterThan(0);
    const container = await lab.start("postgres", workload, interrupted);
    await ready(container);
    expect(await superuser("SELECT count(*) FROM pgbouncer.user_lookup('writer')", container)).toBe(
      "0",
    );
    expect(
      await superuser("SELECT datname FROM pg_database WHERE datname = 'mcp_series'", container),
    ).toBe("mcp_series");
    await must("rm", "-fv", container);
  });

  it("refuses a volume that was made for another database", async () => {
    await must("stop", "--time=120", server());
    const other = await lab.start("postgres", get(asked.workloads, "postgres"), {
      as: "other",
      env: { POSTGRES_DATABASE: "elsewhere" },
    });
    expect(await must("wait", other)).toBe("1");
    expect(await must("logs", other)).toContain(
      "this volume was made for 'database=mcp_series owner=writer', not for 'database=elsewhere owner=writer'",
    );
    await startPostgres();
  });

  it("takes over a changed password of the owner at its start", async () => {
    const secrets = get(asked.files, "postgres-secrets");
    const changed = `quote ' backslash \\ dollar $HOME "double" 0123456789`;
    await lab.files("postgres-changed", { ...secrets, files: { owner: changed } });
    const workload = get(asked.workloads, "postgres");
    await lab.start(
      "postgres",
      {
        ...workload,
        mounts: workload.mounts!.map((mount) =>
          mount.path === "/run/secrets/postgres"
            ? { ...mount, source: { ...mount.source, name: "postgres-changed" } }
            : mount,
        ),
      },
      { publish: [5432] },
    );
    await ready(server());
    const port = await lab.port(server(), 5432);
    expect(await refusal(port, { user: "writer", password: changed })).toBe("let in");
    expect(await refusal(port, { user: "writer", password: password("owner") })).toContain(
      "password authentication failed",
    );
    expect(await must("logs", server())).not.toContain("backslash");
    await startPostgres();
    expect(await refusal(postgresPort, { user: "writer", password: password("owner") })).toBe(
      "let in",
    );
  });
});

describe("PostgreSQL's live configuration", () => {
  const name = "postgres-config";

  it.each([
    ["an unknown setting", "no_such_setting = 1\n", "no_such_setting"],
    ["a wrong value", "work_mem = 'lots'\n", "work_mem"],
    ["a broken line", "work_mem 'x' = =\n", "syntax error"],
  ])("is refused with %s before it is current", async (_what, line, message) => {
    const live = get(asked.liveFiles, name);
    const good = (await value(live.files))["postgresql.conf"]!;
    const { directory } = await lab.stage(name, live, { "postgresql.conf": good + line });
    const { code, output } = await ctl(server(), "check", directory);
    expect(code).not.toBe(0);
    expect(output).toContain(message);
  });

  it("is taken up by a reload, and known to be", async () => {
    const live = get(asked.liveFiles, name);
    const { version, directory } = await lab.stage(
      name,
      live,
      postgresFiles({ ...spec, workMem: "7MB" }),
    );
    expect(await ctl(server(), "check", directory)).toEqual({ code: 0, output: "" });
    lab.makeCurrent(name, version);
    // Current, but not reloaded: the old one is in force, and this is noticed.
    expect((await ctl(server(), "verify")).output).toContain("is in force, not");
    expect((await ctl(server(), "reload")).code).toBe(0);
    await until("the new revision", 10, async () => (await ctl(server(), "verify")).code === 0);
    expect(await superuser("SHOW work_mem")).toBe("7MB");
    lab.makeCurrent(name, (await lab.stage(name, live)).version);
    await ctl(server(), "reload");
    await until("the old revision", 10, async () => (await ctl(server(), "verify")).code === 0);
    expect(await superuser("SHOW work_mem")).toBe("4MB");
  });

  it("is not accepted with a rule that makes no sense, nor with a value that waits for a restart", async () => {
    const live = get(asked.liveFiles, name);
    const files = await value(live.files);
    for (const [change, message] of [
      [{ "pg_hba.conf": `${files["pg_hba.conf"]}host all all all nonsense\n` }, "pg_hba.conf line"],
      [
        { "postgresql.conf": `${files["postgresql.conf"]}max_locks_per_transaction = 99\n` },
        "max_locks_per_transaction: the new value waits for a restart",
      ],
    ] as const) {
      lab.makeCurrent(name, (await lab.stage(name, live, change)).version);
      await ctl(server(), "reload");
      await until(message, 10, async () =>
        (await ctl(server(), "verify")).output.includes(message),
      );
    }
    lab.makeCurrent(name, (await lab.stage(name, live)).version);
    await ctl(server(), "reload");
    await until("the old files again", 10, async () => (await ctl(server(), "verify")).code === 0);
  });
});

describe("migrations", () => {
  it("make roles and tables, and change nothing the second time", async () => {
    const job = get(asked.jobs, "migrations");
    const first = await lab.run("migrations", job);
    expect(first.code, first.output).toBe(0);
    const before = await superuser("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1");
    const second = await lab.run("migrations", job);
    expect(second.code, second.output).toBe(0);
    expect(await superuser("SELECT rolname, rolpassword FROM pg_authid ORDER BY 1")).toBe(before);
    expect(
      await superuser(
        "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname !~ '^pg_' ORDER BY 1",
      ),
    ).toBe("book_planning_a\nbook_planning_b\npgbouncer_auth\npostgres\npostgres_exporter\nwriter");
  });
});

describe("PgBouncer", () => {
  beforeAll(startPooler);

  const login = { user: "book_planning_a", password: password("book_planning_a") };

  it("keeps named statements working across pooled connections", async () => {
    const clients = Array.from({ length: 24 }, async (_, index) =>
      as(poolerPort, login, async (client) => {
        const answers: unknown[] = [];
        for (let round = 0; round < 10; round++) {
          const { rows } = await client.query<{ sum: number }>({
            name: `sum-${index % 3}`,
            text: `SELECT $1::int + ${index % 3} AS sum`,
            values: [round],
          });
          answers.push(rows[0]?.sum);
        }
        return answers;
      }),
    );
    const all = await Promise.all(clients);
    all.forEach((answers, index) => {
      expect(answers).toEqual(Array.from({ length: 10 }, (_, round) => round + (index % 3)));
    });
  });

  it("gives a server its own schema only", async () => {
    const { rows } = await as(poolerPort, login, (client) =>
      client.query<{ path: string }>("SELECT current_setting('search_path') AS path"),
    );
    expect(rows).toEqual([{ path: "book_planning" }]);
    await expect(
      as(poolerPort, login, (client) => client.query("CREATE TABLE public.mine (id int)")),
    ).rejects.toThrow("permission denied for schema public");
    await expect(
      as(poolerPort, login, (client) =>
        client.query("SELECT * FROM pgbouncer.user_lookup('writer')"),
      ),
    ).rejects.toThrow("permission denied for schema pgbouncer");
  });

  it.each([
    ["the superuser", { user: "postgres", password: "postgres" }, "no such user"],
    ["the owner", { user: "writer", password: password("owner") }, "no such user"],
    ["an unknown user", { user: "nobody", password: "nobody" }, "no such user"],
    ["a wrong password", { ...login, password: "wrong" }, "SASL authentication failed"],
    ["another database", { ...login, database: "postgres" }, "SASL authentication failed"],
  ])("refuses %s", async (_who, refused, message) => {
    expect(await refusal(poolerPort, refused)).toContain(message);
  });

  it("refuses a login whose time is over, and takes it again later", async () => {
    const idle = { user: "book_planning_b", password: password("book_planning_b") };
    await superuser("ALTER ROLE book_planning_b VALID UNTIL '2020-01-01'");
    expect(await refusal(poolerPort, idle)).toContain("no such user");
    await superuser("ALTER ROLE book_planning_b VALID UNTIL 'infinity'");
    expect(await refusal(poolerPort, idle)).toBe("let in");
  });

  it("shows statistics to its statistics user, and takes no orders from it", async () => {
    const stats = { user: "pgbouncer_stats", password: password("stats"), database: "pgbouncer" };
    await as(poolerPort, stats, async (client) => {
      expect((await client.query<object>("SHOW POOLS")).rows.length).toBeGreaterThan(0);
      await expect(client.query("SHUTDOWN")).rejects.toThrow("admin access needed");
    });
    expect((await ctl(pool(), "health")).code).toBe(0);
  });

  it.each([
    ["an unknown setting", "no_such_setting = 1\n"],
    ["a wrong value", "pool_mode = sometimes\n"],
  ])("refuses files with %s before they are current", async (_what, line) => {
    const live = get(asked.liveFiles, "pgbouncer-config");
    const good = (await value(live.files))["pgbouncer.ini"]!;
    const { directory } = await lab.stage("pgbouncer-config", live, {
      "pgbouncer.ini": good + line,
    });
    const { code, output } = await ctl(pool(), "check", directory);
    expect(code).toBe(1);
    expect(output).toContain(line.split(" ")[0]);
    expect(output).not.toContain(password("lookup"));
  });

  it("takes up new files while clients stay", async () => {
    const live = get(asked.liveFiles, "pgbouncer-config");
    const good = (await value(live.files))["pgbouncer.ini"]!;
    const { version, directory } = await lab.stage("pgbouncer-config", live, {
      "pgbouncer.ini": good.replace("default_pool_size = 50", "default_pool_size = 7"),
    });
    await as(poolerPort, login, async (client) => {
      expect(await ctl(pool(), "check", directory)).toEqual({ code: 0, output: "" });
      lab.makeCurrent("pgbouncer-config", version);
      expect((await ctl(pool(), "verify")).output).toContain(
        "default_pool_size: 50 is in force, not 7",
      );
      expect(await ctl(pool(), "reload")).toEqual({ code: 0, output: "" });
      expect(await ctl(pool(), "verify")).toEqual({ code: 0, output: "" });
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    });
  });

  it("is back within 5 s of PostgreSQL's restart", async () => {
    await must("restart", "--time=60", server());
    await ready(server());
    const started = Date.now();
    await until("a query through the pooler", 5, () =>
      as(poolerPort, login, (client) => client.query("SELECT 1")).then(
        () => true,
        () => false,
      ),
    );
    expect(Date.now() - started).toBeLessThan(5000);
    postgresPort = await lab.port(server(), 5432);
  });

  it("stops within 10 s although a client stays", async () => {
    const client = new pg.Client({
      host: "127.0.0.1",
      port: poolerPort,
      database: spec.name,
      ...login,
    });
    client.on("error", () => undefined);
    await client.connect();
    await client.query("SELECT 1");
    const started = Date.now();
    await must("stop", "--time=45", pool());
    expect(Date.now() - started).toBeLessThan(10_000);
    await client.end().catch(() => undefined);
    await startPooler();
  });
});

describe("exporters", () => {
  it.each([
    ["postgres-exporter", 9187, "pg_up 1"],
    ["pgbouncer-exporter", 9127, "pgbouncer_up 1"],
  ])("%s sees what it looks at", async (name, port, line) => {
    const container = await lab.start(name, get(asked.workloads, name), { publish: [port] });
    const url = `http://127.0.0.1:${await lab.port(container, port)}/metrics`;
    const lines = async (): Promise<string[]> => (await (await fetch(url)).text()).split("\n");
    const none = (): string[] => [];
    await until(`${name} answers`, 20, async () => (await lines().catch(none)).includes(line));
    const failed = (await lines()).filter((text) => /^pg_scrape_collector_success.* 0$/.test(text));
    expect(failed).toEqual([]);
    expect((await docker("exec", container, "exporter-health", String(port))).code).toBe(0);
  });
});

describe("every container", () => {
  const names = ["postgres", "pgbouncer", "postgres-exporter", "pgbouncer-exporter"];

  it.each(names)("%s has no privileges at all", async (name) => {
    const status = await must("exec", lab.name(name), "cat", "/proc/1/status");
    const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1];
    expect(field("CapEff")).toBe("0000000000000000");
    expect(field("CapPrm")).toBe("0000000000000000");
    expect(field("NoNewPrivs")).toBe("1");
    const [uid] = get(asked.workloads, name).user.split(":");
    expect(field("Uid")).toBe([uid, uid, uid, uid].join("\t"));
    const write = await docker("exec", lab.name(name), "sh", "-c", "echo > /usr/bin/x");
    expect(write.output).toMatch(/Read-only file system/);
  });

  it.each(names)(
    "%s shows no password in its definition, processes, environments or log",
    async (name) => {
      const container = lab.name(name);
      const seen = [
        await must("inspect", container),
        await must("top", container, "-eo", "pid,args"),
        await must(
          "exec",
          container,
          "sh",
          "-c",
          "cat /proc/1/environ /proc/1/cmdline | tr '\\0' '\\n'",
        ),
        await must("logs", container),
      ].join("\n");
      expect(seen).toContain(container);
      expect(seen).not.toContain("made-up-for");
    },
  );

  it.each(names)("%s is found healthy by its own check", async (name) => {
    await until(`${name} is healthy`, 30, async () => {
      const format = "--format={{.State.Health.Status}}";
      return (await must("inspect", format, lab.name(name))) === "healthy";
    });
  });
});
