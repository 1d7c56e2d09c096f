import { execFileSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

/** A throw-away PostgreSQL that demands SCRAM on TCP, prepared as the platform's own image does. */
export interface PostgresCluster {
  readonly port: number;
  readonly folder: string;
  start(): void;
  /** Immediate: connections break as in a crash. */
  stop(): void;
  /** A connection as superuser over the socket. The caller ends it. */
  superuser(): Promise<pg.Client>;
  remove(): void;
}

/** PostgreSQL refuses to run as root. */
const RUNNER = "nobody";

/** Folder of initdb and pg_ctl, or undefined where PostgreSQL is not installed. */
function postgresBinaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    : [];
  const candidates = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return candidates.find(
    (folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")),
  );
}

export async function createPostgresCluster(writerPassword: string): Promise<PostgresCluster> {
  const bin = postgresBinaries();
  if (bin === undefined) throw new Error("PostgreSQL (initdb, pg_ctl) is not installed");
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "mcp-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  const identity = process.getuid?.() === 0 ? idsOf(RUNNER) : undefined;
  if (identity) for (const path of [folder, data]) chownSync(path, identity.uid, identity.gid);
  const run = (program: string, ...args: string[]): void => {
    execFileSync(join(bin, program), args, {
      ...identity,
      cwd: folder,
      stdio: "ignore",
      env: { LC_ALL: "C", PATH: process.env["PATH"] },
    });
  };
  run(
    "initdb",
    "-D",
    data,
    "-U",
    "postgres",
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  );
  const settings = {
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: folder,
    fsync: "off",
    max_connections: 100,
    password_encryption: "scram-sha-256",
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value}'`);
  writeFileSync(join(data, "postgresql.auto.conf"), `${lines.join("\n")}\n`);
  const cluster: PostgresCluster = {
    port,
    folder,
    start: () => run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "start"),
    stop: () => run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"),
    superuser: async () => {
      const client = new pg.Client({
        host: folder,
        port,
        user: "postgres",
        database: "mcp_series",
      });
      await client.connect();
      return client;
    },
    remove: () => {
      try {
        cluster.stop();
      } catch {
        // It was stopped already.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  cluster.start();
  await initialise(folder, port, writerPassword);
  return cluster;
}

/** What the database image does as superuser before the migration job may connect. */
async function initialise(host: string, port: number, writerPassword: string): Promise<void> {
  const execute = async (database: string, statements: readonly string[]): Promise<void> => {
    const client = new pg.Client({ host, port, user: "postgres", database });
    await client.connect();
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

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function idsOf(user: string): { uid: number; gid: number } {
  const ask = (flag: string): number =>
    Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
  return { uid: ask("-u"), gid: ask("-g") };
}
