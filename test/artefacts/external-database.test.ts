import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatabaseCredentials } from "../../components/database/credentials.ts";
import { PostgresExporter } from "../../components/database/exporters.ts";
import { Migrations } from "../../components/database/migrations.ts";
import { PgBouncer } from "../../components/database/pgbouncer.ts";
import { pgbouncerSchema } from "../../components/database/pgbouncer.schema.ts";
import { postgresSchema } from "../../components/database/postgres.schema.ts";
import { targetOf } from "../../components/database/target.ts";
import { certificate } from "../components/database/certificate.ts";
import {
  get,
  recordingPlatform,
  recordResources,
  type Asked,
} from "../components/database/recording-platform.ts";
import { buildImages, DatabaseLab, docker, must, until } from "./database-harness.ts";
import { as, password, refusal } from "./database/logins.ts";
import { adminPassword, ExternalServer } from "./external-database/external-server.ts";

// A server of somebody else, from its handing over on; each claim starts from what the one before it left.
const lab = new DatabaseLab();
const external = new ExternalServer(lab);
let asked: Asked;
let poolerPort: number;

const login = { user: "book_planning_a", password: password("book_planning_a") };
const verifiers = "SELECT rolname, rolpassword FROM pg_authid WHERE rolname !~ '^pg_' ORDER BY 1";

beforeAll(async () => {
  await buildImages(["postgres", "pgbouncer", "postgres-exporter", "mcp-server"]);
  await recordResources([]);
  await lab.open();
  await external.open(lab.prefix);
  asked = compose(await external.authority());
  for (const [name, files] of asked.files) await lab.files(name, files);
  for (const [name, files] of asked.liveFiles) {
    lab.makeCurrent(name, (await lab.stage(name, files)).version);
  }
}, 900_000);
afterAll(() => lab.close());

function compose(ca: string): Asked {
  const recorded = recordingPlatform(lab.prefix);
  const { platform } = recorded;
  const spec = postgresSchema.parse({
    owner: "admin",
    external: { host: external.host, tls: { mode: "verify-full", ca } },
  });
  const pooler = pgbouncerSchema.parse({ maxDbConnections: 70 });
  const servers = [{ name: "book-planning", domain: "book-planning" }];
  const credentials = new DatabaseCredentials("credentials", {
    servers: ["book-planning"],
    owner: adminPassword,
  });
  const target = targetOf(spec, "unused");
  const image = platform.image("mcp-server");
  new Migrations("schema", { platform, image, spec, pooler, servers, credentials, target });
  new PgBouncer("pool", { platform, spec: pooler, database: spec.name, target, credentials });
  new PostgresExporter("db-metrics", {
    ...{ platform, memoryMb: 64, password: credentials.exporter, target },
    database: spec.name,
  });
  return recorded.asked;
}

async function startPooler(): Promise<string> {
  const pool = await lab.start("pgbouncer", get(asked.workloads, "pgbouncer"), {
    publish: [6432],
  });
  const answers = async () => (await docker("exec", pool, "pgbouncer-ctl", "health")).code === 0;
  await until("the pooler answers", 20, answers);
  poolerPort = await lab.port(pool, 6432);
  return pool;
}

describe("migrations", () => {
  it("say everything that the server and its role lack, and change nothing", async () => {
    const before = await external.asProvider(verifiers);
    const { code, output } = await lab.run("migrations", get(asked.jobs, "migrations"));
    expect(code).toBe(1);
    for (const words of [
      "has 3 problem(s), and was not changed",
      'ALTER ROLE \\"admin\\" CREATEROLE',
      'ALTER DATABASE \\"mcp_series\\" OWNER TO \\"admin\\"',
      'GRANT pg_monitor TO \\"admin\\" WITH ADMIN OPTION',
    ]) {
      expect(output).toContain(words);
    }
    expect(await external.asProvider(verifiers)).toBe(before);
  });

  it("make of an empty database what pooler, exporter and servers need, and the same the second time", async () => {
    await external.asProvider("ALTER ROLE admin CREATEROLE");
    await external.asProvider("ALTER DATABASE mcp_series OWNER TO admin");
    await external.asProvider("GRANT pg_monitor TO admin WITH ADMIN OPTION");
    const first = await lab.run("migrations", get(asked.jobs, "migrations"));
    expect(first.code, first.output).toBe(0);
    const made = await external.asProvider(verifiers);
    const second = await lab.run("migrations", get(asked.jobs, "migrations"));
    expect(second.code, second.output).toBe(0);
    expect(await external.asProvider(verifiers)).toBe(made);
    expect(
      await external.asProvider("SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY 1"),
    ).toBe("provider");
    expect(await must("logs", external.host)).not.toContain("made-up-for");
  });

  it("leave the roles of another database of the same server alone", async () => {
    await external.asProvider("CREATE DATABASE second OWNER admin");
    const before = await external.asProvider(verifiers);
    const job = get(asked.jobs, "migrations");
    const { code, output } = await lab.run("migrations", {
      ...job,
      env: { ...job.env, DATABASE_NAME: "second" },
    });
    expect(code).toBe(1);
    expect(output).toContain("exist on the server and were not made for this database");
    expect(await external.asProvider(verifiers)).toBe(before);
    expect(
      await external.asProvider(
        "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgbouncer'",
        "second",
      ),
    ).toBe("0");
  });
});

describe("PgBouncer", () => {
  beforeAll(() => startPooler());

  it("logs a server in, encrypted, with a verifier that no superuser has shown it", async () => {
    const { rows } = await as(poolerPort, login, (client) =>
      client.query(
        `SELECT current_user AS me, current_setting('search_path') AS path,
           (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted`,
      ),
    );
    expect(rows).toEqual([{ me: login.user, path: "book_planning", encrypted: true }]);
  });

  it("shows a server nothing of others' verifiers", async () => {
    for (const query of [
      "SELECT * FROM pgbouncer.roles",
      "SELECT * FROM pgbouncer.user_lookup('book_planning_b')",
    ]) {
      await expect(as(poolerPort, login, (client) => client.query(query))).rejects.toThrow(
        "permission denied for schema pgbouncer",
      );
    }
  });

  it.each([
    ["the owner", { user: "admin", password: adminPassword }],
    ["the exporter", { user: "postgres_exporter", password: password("exporter") }],
    ["a group", { user: "book_planning_owner", password: "book_planning_owner" }],
    ["a wrong password", { ...login, password: "wrong" }],
  ])("refuses %s", async (_who, refused) => {
    expect(await refusal(poolerPort, refused)).not.toBe("let in");
  });

  it("takes up other certificates, and then refuses a server that they do not vouch for", async () => {
    const files = get(asked.liveFiles, "pgbouncer-config");
    const { version, directory } = await lab.stage("pgbouncer-config", files, {
      "server-ca.crt": certificate,
    });
    const pool = lab.name("pgbouncer");
    const check = await docker("exec", pool, "pgbouncer-ctl", "check", directory);
    expect(check.code, check.output).toBe(0);
    lab.makeCurrent("pgbouncer-config", version);
    await startPooler();
    expect(await refusal(poolerPort, login)).not.toBe("let in");
    expect(await must("logs", pool)).toMatch(/certificate/i);
  });
});

it("the exporter verifies it too, and may read its statistics", async () => {
  const exporter = await lab.start("postgres-exporter", get(asked.workloads, "postgres-exporter"), {
    publish: [9187],
  });
  const port = await lab.port(exporter, 9187);
  let metrics = "";
  await until("the exporter is connected", 30, async () => {
    metrics = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    );
    return /^pg_up 1$/m.test(metrics);
  });
  expect(metrics).toContain('pg_scrape_collector_success{collector="wal"} 1');
});
