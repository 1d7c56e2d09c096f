import { execFileSync } from "node:child_process";
import pg from "pg";
import { freePort } from "../../servers/free-port.ts";
import { buildImages, imageTag } from "../database-harness.ts";

/** A throw-away PostgreSQL of the fleet's image that demands SCRAM on TCP, prepared as the platform prepares its own. */
export interface PostgresCluster {
  /** On loopback. */
  readonly port: number;
  start(): void;
  /** Immediate: connections break as in a crash. */
  stop(): void;
  /** A connection as superuser. The caller ends it. */
  superuser(database?: string): Promise<pg.Client>;
  /** All that the server has said. */
  log(): string;
  remove(): void;
}

const superuserPassword = "superuser-password-of-the-test";

/** Makes the cluster when there is none yet, and becomes its server. */
const serve = `
data=/var/lib/postgresql/17/data
[ -d "$data" ] || initdb --pgdata="$data" --username=postgres --pwfile=<(echo "$PGPASSWORD") \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync
exec postgres -D "$data" -p "$PGPORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
`;

export async function createPostgresCluster(writerPassword: string): Promise<PostgresCluster> {
  await buildImages(["postgres"]);
  const port = await freePort();
  const name = `mcp-fleet-test-servers-${process.pid}-${port}`;
  const docker = (...args: string[]) =>
    execFileSync("docker", args, { encoding: "utf8", timeout: 60_000, stdio: "pipe" });
  const untilReady = () =>
    docker(
      "exec",
      name,
      "bash",
      "-c",
      "until pg_isready --quiet --host=127.0.0.1; do sleep 0.1; done",
    );
  docker(
    ...["run", "--detach", `--name=${name}`, "--network=host", "--no-healthcheck"],
    ...["--label=mcp-fleet-test=database", `--env=PGPORT=${port}`],
    ...[`--env=PGPASSWORD=${superuserPassword}`, "--entrypoint=bash"],
    ...[imageTag("postgres"), "-c", serve],
  );
  const cluster: PostgresCluster = {
    port,
    start: () => {
      docker("start", name);
      untilReady();
    },
    stop: () => {
      docker("kill", "--signal=QUIT", name);
      docker("wait", name);
    },
    superuser: async (database = "mcp_series") => {
      const login = { user: "postgres", password: superuserPassword };
      const client = new pg.Client({ host: "127.0.0.1", port, database, ...login });
      await client.connect();
      return client;
    },
    log: () => execFileSync("bash", ["-c", `docker logs ${name} 2>&1`], { encoding: "utf8" }),
    remove: () => void docker("rm", "--force", "--volumes", name),
  };
  untilReady();
  await initialise(cluster, writerPassword);
  return cluster;
}

/** What the database image does as superuser before the migration job may connect. */
async function initialise(cluster: PostgresCluster, writerPassword: string): Promise<void> {
  const execute = async (database: string, statements: readonly string[]): Promise<void> => {
    const client = await cluster.superuser(database);
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await execute("postgres", [
    `CREATE ROLE writer LOGIN CREATEROLE PASSWORD ${pg.escapeLiteral(writerPassword)}`,
    "CREATE DATABASE mcp_series OWNER writer",
    "CREATE ROLE pgbouncer_auth NOLOGIN",
    "CREATE ROLE postgres_exporter NOLOGIN",
    "GRANT pg_monitor TO postgres_exporter",
    "GRANT pgbouncer_auth, postgres_exporter TO writer WITH ADMIN OPTION",
  ]);
  await execute("mcp_series", [
    "REVOKE ALL ON DATABASE mcp_series FROM PUBLIC",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
  ]);
}
