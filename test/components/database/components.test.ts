import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { DatabaseCredentials } from "../../../components/database/credentials.ts";
import { PgBouncerExporter, PostgresExporter } from "../../../components/database/exporters.ts";
import { Migrations } from "../../../components/database/migrations.ts";
import { PgBouncer } from "../../../components/database/pgbouncer.ts";
import { pgbouncerSchema } from "../../../components/database/pgbouncer.schema.ts";
import { postgresArguments, postgresFiles } from "../../../components/database/postgres.render.ts";
import { Postgres } from "../../../components/database/postgres.ts";
import { postgresSchema } from "../../../components/database/postgres.schema.ts";
import { callOf, ownTarget, targetOf } from "../../../components/database/target.ts";
import { serverDatabaseEnv } from "../../../components/database/server-env.ts";
import { certificate } from "./certificate.ts";
import { get, recordingPlatform, recordResources, value } from "./recording-platform.ts";

const created: string[] = [];
await recordResources(created);

const spec = postgresSchema.parse({});
const pooler = pgbouncerSchema.parse({});
const servers = [
  { name: "scene", domain: "scene" },
  { name: "book-planning", domain: "book-planning" },
];

/** The data tier as a fleet composes it. */
async function build() {
  created.length = 0;
  const { platform, asked } = recordingPlatform("test");
  const credentials = new DatabaseCredentials("credentials", {
    servers: servers.map(({ name }) => name),
  });
  const postgres = new Postgres("db", { platform, spec, credentials });
  const target = ownTarget(postgres.address);
  const image = platform.image("mcp-server");
  const migrations = new Migrations("schema", {
    platform,
    image,
    spec,
    pooler,
    servers,
    credentials,
    target,
    dependsOn: [postgres.resource],
  });
  const pgbouncer = new PgBouncer("pool", {
    platform,
    spec: pooler,
    database: spec.name,
    target,
    credentials,
    dependsOn: [migrations.resource],
  });
  const postgresExporter = new PostgresExporter("db-metrics", {
    platform,
    memoryMb: 64,
    password: credentials.exporter,
    target,
    database: spec.name,
    dependsOn: [migrations.resource],
  });
  const pgbouncerExporter = new PgBouncerExporter("pool-metrics", {
    platform,
    memoryMb: 48,
    password: credentials.stats,
    target: pgbouncer.address,
  });
  const last = [postgresExporter, pgbouncerExporter, pgbouncer, migrations, postgres, credentials];
  for (const { urn } of last) await value(urn);
  // Children register on their own; each has an urn once it has.
  for (const { urn } of [postgres, migrations, pgbouncer, postgresExporter, pgbouncerExporter].map(
    ({ resource }) => resource,
  )) {
    await value(urn);
  }
  await Promise.all(Object.values(credentials.logins).map((password) => value(password)));
  return { asked, credentials, postgres, migrations, pgbouncer, postgresExporter };
}

describe("data tier", () => {
  it("creates exactly this", async () => {
    await build();
    const password = "random:index/randomPassword:RandomPassword";
    expect([...created].sort()).toEqual(
      [
        "mcpfleet:database:Credentials credentials",
        ...["owner", "exporter", "lookup", "stats"].map(
          (role) => `${password} credentials-${role}`,
        ),
        ...["book_planning_a", "book_planning_b", "scene_a", "scene_b"].map(
          (role) => `${password} credentials-${role}`,
        ),
        "mcpfleet:database:Postgres db",
        "test:index:DataVolume postgres-17",
        "test:index:Files postgres-secrets",
        "test:index:LiveFiles postgres-config",
        "test:index:Workload postgres",
        "mcpfleet:database:Migrations schema",
        "test:index:Files migrations-input",
        "test:index:Job migrations",
        "mcpfleet:database:PgBouncer pool",
        "test:index:LiveFiles pgbouncer-config",
        "test:index:Workload pgbouncer",
        "mcpfleet:database:PostgresExporter db-metrics",
        "test:index:Files postgres-exporter-secrets",
        "test:index:Workload postgres-exporter",
        "mcpfleet:database:PgBouncerExporter pool-metrics",
        "test:index:Files pgbouncer-exporter-secrets",
        "test:index:Workload pgbouncer-exporter",
      ].sort(),
    );
  });

  it("lets the pooler and the exporter wait for the migrations, and those for the database", async () => {
    const { asked, postgres, migrations } = await build();
    expect(get(asked.waits, "migrations")).toEqual([postgres.resource]);
    expect(get(asked.waits, "pgbouncer")).toEqual([migrations.resource]);
    expect(get(asked.waits, "postgres-exporter")).toEqual([migrations.resource]);
  });

  it("joins each part to the networks of its role, and publishes nothing", async () => {
    const { asked } = await build();
    const networks = [...asked.workloads].map(([name, { networks }]) => [name, networks]);
    expect(Object.fromEntries(networks)).toEqual({
      postgres: ["db"],
      pgbouncer: ["data", "db"],
      "postgres-exporter": ["db", "obs"],
      "pgbouncer-exporter": ["data", "obs"],
    });
    expect(get(asked.jobs, "migrations").networks).toEqual(["db"]);
    for (const { publish } of asked.workloads.values()) expect(publish).toBeUndefined();
  });

  it("gives every workload a numeric user of its own that is not root", async () => {
    const { asked } = await build();
    const users = [...asked.workloads.values()].map(({ user }) => user);
    expect(new Set(users).size).toBe(users.length);
    for (const user of users) expect(user).toMatch(/^[1-9]\d{4}:[1-9]\d{4}$/);
  });

  it("puts no password into an environment or a command", async () => {
    const { asked, credentials } = await build();
    const secrets = await Promise.all(
      [
        credentials.owner,
        credentials.exporter,
        credentials.lookup,
        credentials.stats,
        ...Object.values(credentials.logins),
      ].map((secret) => value(secret)),
    );
    const visible = await value(
      pulumi.all(
        [...asked.workloads.values(), ...asked.jobs.values()].map(({ env, command }) =>
          pulumi.output({ env: env ?? {}, command: command ?? [] }),
        ),
      ),
    );
    const text = JSON.stringify(visible);
    expect(text).toContain("DATABASE_HOST");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });
});

describe("data tier of an external database", () => {
  const { external } = postgresSchema.parse({
    external: {
      ...{ host: "db.example.com", port: 5433, cidrs: ["10.0.8.0/24"] },
      tls: { mode: "verify-full", ca: certificate },
    },
  });

  function build() {
    const { platform, asked } = recordingPlatform("test");
    const credentials = new DatabaseCredentials("credentials", {
      servers: ["scene"],
      owner: "somebody-else's",
    });
    const target = targetOf({ external }, "unused");
    const image = platform.image("mcp-server");
    new Migrations("schema", {
      ...{ platform, image, pooler, servers, credentials, target },
      spec: { ...spec, external },
      servers: servers.slice(0, 1),
    });
    new PgBouncer("pool", { platform, spec: pooler, database: spec.name, target, credentials });
    new PostgresExporter("db-metrics", {
      ...{ platform, memoryMb: 64, password: credentials.exporter, target },
      database: spec.name,
    });
    return { asked, credentials };
  }

  it("takes the owner's password as it is, secret", async () => {
    const { credentials } = build();
    expect(await value(credentials.owner)).toBe("somebody-else's");
    expect(await pulumi.isSecret(credentials.owner)).toBe(true);
  });

  it("calls its port alone, in its address blocks alone", () => {
    const { asked } = build();
    const call = { network: "db", ports: [5433], outside: ["10.0.8.0/24"] };
    expect(callOf(targetOf({ external }, "unused"))).toEqual(call);
    expect(get(asked.jobs, "migrations").calls).toEqual([call]);
    for (const name of ["pgbouncer", "postgres-exporter"]) {
      expect(get(asked.workloads, name).calls, name).toEqual([call]);
    }
  });

  it("gives migrations, pooler and exporter the certificates that vouch for it", async () => {
    const { asked } = build();
    const files = [
      get(asked.files, "migrations-input"),
      get(asked.files, "postgres-exporter-secrets"),
      get(asked.liveFiles, "pgbouncer-config"),
    ];
    for (const { files: content } of files) {
      expect((await value(content))["server-ca.crt"]).toBe(certificate);
    }
    expect(get(asked.jobs, "migrations").env).toMatchObject({
      DATABASE_HOST: "db.example.com",
      DATABASE_PORT: "5433",
      DATABASE_TLS_MODE: "verify-full",
      DATABASE_TLS_CA_FILE: "/run/secrets/migrations/server-ca.crt",
    });
    expect(get(asked.workloads, "postgres-exporter").env?.["DATA_SOURCE_URI"]).toContain(
      "db.example.com:5433/mcp_series?sslmode=verify-full&sslrootcert=/run/secrets/exporter/server-ca.crt&",
    );
  });
});

describe("DatabaseCredentials", () => {
  it("keeps every password secret", async () => {
    const { credentials } = await build();
    const outputs = [
      credentials.owner,
      credentials.exporter,
      credentials.lookup,
      credentials.stats,
      ...Object.values(credentials.logins),
    ];
    for (const output of outputs) expect(await pulumi.isSecret(output)).toBe(true);
  });

  it("answers by login role, and names the known ones for an unknown one", async () => {
    const { credentials } = await build();
    expect(await value(credentials.login("book_planning_b"))).toBe(
      "made-up-for-credentials-book_planning_b",
    );
    expect(() => credentials.login("plot_a")).toThrow(
      "plot_a: no such login role; known: book_planning_a, book_planning_b, scene_a, scene_b",
    );
  });
});

describe("Postgres", () => {
  it("hands restart settings to the command and the rest to live files", async () => {
    const { asked } = await build();
    const { command, strategy, stop, mounts } = get(asked.workloads, "postgres");
    expect(command).toEqual(postgresArguments(spec));
    expect({ strategy, stop }).toEqual({
      strategy: "singleton",
      stop: { signal: "SIGINT", graceSeconds: 120 },
    });
    expect(mounts?.map(({ source, path }) => [source.name, path])).toEqual([
      ["postgres-17", "/var/lib/postgresql/17"],
      ["postgres-secrets", "/run/secrets/postgres"],
      ["postgres-config", "/etc/postgresql"],
    ]);
    const live = get(asked.liveFiles, "postgres-config");
    expect(live).toMatchObject({ reader: "postgres", mountPath: "/etc/postgresql" });
    expect(await value(live.files)).toEqual(postgresFiles(spec));
  });
});

describe("Migrations", () => {
  it("brings the roles and one password file per login role", async () => {
    const { asked } = await build();
    const files = await value(get(asked.files, "migrations-input").files);
    expect(Object.keys(files).sort()).toEqual([
      "book_planning_a",
      "book_planning_b",
      "owner",
      "pgbouncer_auth",
      "postgres_exporter",
      "roles.json",
      "scene_a",
      "scene_b",
    ]);
    expect(get(asked.jobs, "migrations")).toMatchObject({
      command: ["node", "/app/migrate.mjs"],
      env: {
        DATABASE_HOST: "test-postgres",
        DATABASE_PORT: "5432",
        DATABASE_USER: "writer",
        DATABASE_PASSWORD_FILE: "/run/secrets/migrations/owner",
        ROLES_FILE: "/run/secrets/migrations/roles.json",
        ROLE_PASSWORDS_DIR: "/run/secrets/migrations",
      },
      timeoutSeconds: 180,
    });
  });
});

describe("PgBouncer", () => {
  it("has two passwords only: the one that looks up others, and that of the statistics", async () => {
    const { asked } = await build();
    const files = await value(get(asked.liveFiles, "pgbouncer-config").files);
    expect(files["userlist.txt"]).toBe(
      '"pgbouncer_auth" "made-up-for-credentials-lookup"\n"pgbouncer_stats" "made-up-for-credentials-stats"\n',
    );
    expect(files["pgbouncer.ini"]).toContain("host='test-postgres'");
  });
});

describe("serverDatabaseEnv", () => {
  it("points at the pooler, never at the database", () => {
    expect(serverDatabaseEnv("book-planning", "pool-host", spec)).toEqual({
      DATABASE_HOST: "pool-host",
      DATABASE_PORT: "6432",
      DATABASE_NAME: "mcp_series",
      DATABASE_USER: "book_planning_a",
      DATABASE_SCHEMA: "book_planning",
      DATABASE_PASSWORD_FILE: "/run/secrets/fleet/database-password",
    });
  });
});
