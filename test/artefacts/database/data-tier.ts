import { DatabaseCredentials } from "../../../components/database/credentials.ts";
import { PgBouncerExporter, PostgresExporter } from "../../../components/database/exporters.ts";
import { Migrations } from "../../../components/database/migrations.ts";
import { PgBouncer } from "../../../components/database/pgbouncer.ts";
import { pgbouncerSchema } from "../../../components/database/pgbouncer.schema.ts";
import { Postgres } from "../../../components/database/postgres.ts";
import { postgresSchema } from "../../../components/database/postgres.schema.ts";
import { ownTarget } from "../../../components/database/target.ts";
import {
  type Asked,
  get,
  recordingPlatform,
  recordResources,
} from "../../components/database/recording-platform.ts";
import { buildImages, DatabaseLab, docker, must, type Ran, until } from "../database-harness.ts";

export const spec = postgresSchema.parse({});
const pooler = pgbouncerSchema.parse({});

/** The data tier as a fleet has it, for one server: what components ask for, and the containers made of it. */
export class DataTier {
  readonly lab = new DatabaseLab();
  postgresPort = 0;
  poolerPort = 0;
  #asked: Asked | undefined;

  get asked(): Asked {
    if (this.#asked === undefined) throw new Error("the data tier is not open yet");
    return this.#asked;
  }

  async open(): Promise<void> {
    await buildImages([
      "postgres",
      "pgbouncer",
      "postgres-exporter",
      "pgbouncer-exporter",
      "mcp-server",
    ]);
    await recordResources([]);
    this.#asked = compose(this.lab.prefix);
    await this.lab.open();
    for (const [name, files] of this.asked.files) await this.lab.files(name, files);
    for (const [name, files] of this.asked.liveFiles) {
      this.lab.makeCurrent(name, (await this.lab.stage(name, files)).version);
    }
  }

  close(): Promise<void> {
    return this.lab.close();
  }

  /** Name of PostgreSQL's container. */
  server(): string {
    return this.lab.name("postgres");
  }

  /** Name of PgBouncer's container. */
  pool(): string {
    return this.lab.name("pgbouncer");
  }

  async startPostgres(): Promise<void> {
    await this.lab.start("postgres", get(this.asked.workloads, "postgres"), { publish: [5432] });
    await ready(this.server());
    this.postgresPort = await this.lab.port(this.server(), 5432);
  }

  async startPooler(): Promise<void> {
    await this.lab.start("pgbouncer", get(this.asked.workloads, "pgbouncer"), { publish: [6432] });
    await until(
      "the pooler answers",
      20,
      async () => (await this.ctl(this.pool(), "health")).code === 0,
    );
    this.poolerPort = await this.lab.port(this.pool(), 6432);
  }

  ctl(container: string, ...args: string[]): Promise<Ran> {
    return docker(
      "exec",
      container,
      container === this.pool() ? "pgbouncer-ctl" : "postgres-ctl",
      ...args,
    );
  }

  /** As superuser over the socket, by the container's own user. */
  superuser(sql: string, container = this.server()): Promise<string> {
    return must(
      ...["exec", container, "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"],
      ...["-h", "/run/postgresql", "-d", spec.name, "-c", sql],
    );
  }
}

function compose(prefix: string): Asked {
  const recorded = recordingPlatform(prefix);
  const { platform } = recorded;
  const servers = [{ name: "book-planning", domain: "book-planning" }];
  const credentials = new DatabaseCredentials("credentials", { servers: ["book-planning"] });
  const postgres = new Postgres("db", { platform, spec, credentials });
  const target = ownTarget(postgres.address);
  const image = platform.image("mcp-server");
  const common = { platform, memoryMb: 64 };
  new Migrations("schema", { platform, image, spec, pooler, servers, credentials, target });
  const pool = new PgBouncer("pool", {
    platform,
    spec: pooler,
    database: spec.name,
    target,
    credentials,
  });
  new PostgresExporter("db-metrics", {
    ...common,
    password: credentials.exporter,
    target,
    database: spec.name,
  });
  new PgBouncerExporter("pool-metrics", {
    ...common,
    password: credentials.stats,
    target: pool.address,
  });
  return recorded.asked;
}

/** PostgreSQL in a container takes connections. */
export function ready(container: string): Promise<void> {
  return until(`${container} accepts connections`, 60, async () => {
    const state = await must("inspect", "--format={{.State.Status}}", container);
    if (state !== "running") throw new Error(`${state}: ${await must("logs", container)}`);
    return (await docker("exec", container, "postgres-ctl", "health")).code === 0;
  });
}
