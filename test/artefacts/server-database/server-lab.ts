import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import pg from "pg";
import { bundleServer } from "../../../servers/build.ts";
import { DOMAIN_NAMES } from "../../../servers/domains/names.ts";
import { createPostgresCluster, type PostgresCluster } from "./postgres-cluster.ts";
import {
  type Environment,
  runNode,
  type ServerProcess,
  startServer,
  untilStatus,
} from "../../servers/server-process.ts";

export const WRITER_PASSWORD = "writer-password-of-the-test";
const ERAS = { "2025": { mode: "legacy" }, "2026": { mode: { pin: "2026-07-28" } } } as const;

const schemaOf = (name: string): string => name.replaceAll("-", "_");
const passwordOf = (role: string): string => `password-of-${role}`;

/** The bundled servers and their migration job as processes, beside a real PostgreSQL. */
export class ServerLab {
  readonly #running: ServerProcess[] = [];
  #folder: string | undefined;
  #cluster: PostgresCluster | undefined;

  /** Of the bundles, the roles that the job makes, and their passwords. */
  get folder(): string {
    if (this.#folder === undefined) throw new Error("the lab is not open yet");
    return this.#folder;
  }

  get cluster(): PostgresCluster {
    if (this.#cluster === undefined) throw new Error("the lab is not open yet");
    return this.#cluster;
  }

  async open(): Promise<void> {
    this.#folder = mkdtempSync(join(tmpdir(), "mcp-servers-"));
    mkdirSync(join(this.folder, "passwords"));
    [this.#cluster] = await Promise.all([
      createPostgresCluster(WRITER_PASSWORD),
      bundleServer(this.folder),
    ]);
    const servers = [
      ...DOMAIN_NAMES.map((name) => ({ name, schema: schemaOf(name) })),
      { name: "npe", schema: "npe", domain: "book-planning" },
      { name: "outside", schema: "outside" },
    ];
    const spec = { servers, exporterRole: "postgres_exporter", lookupRole: "pgbouncer_auth" };
    writeFileSync(join(this.folder, "roles.json"), JSON.stringify(spec));
    writeFileSync(join(this.folder, "writer"), `${WRITER_PASSWORD}\n`);
    const roles = [
      ...servers.flatMap(({ schema }) => [`${schema}_a`, `${schema}_b`]),
      "postgres_exporter",
      "pgbouncer_auth",
    ];
    for (const role of roles) writeFileSync(this.passwordFile(role), `${passwordOf(role)}\n`);
  }

  /** Ends every server that was started. */
  async endServers(): Promise<void> {
    for (const server of this.#running) server.child.kill("SIGKILL");
    await Promise.all(this.#running.splice(0).map((server) => server.exited));
  }

  close(): void {
    this.#cluster?.remove();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  passwordFile(role: string): string {
    return join(this.folder, "passwords", role);
  }

  migrate(): ReturnType<typeof runNode> {
    return runNode(join(this.folder, "migrate.mjs"), {
      DATABASE_HOST: "127.0.0.1",
      DATABASE_PORT: String(this.cluster.port),
      DATABASE_PASSWORD_FILE: join(this.folder, "writer"),
      ROLES_FILE: join(this.folder, "roles.json"),
      ROLE_PASSWORDS_DIR: join(this.folder, "passwords"),
    });
  }

  async start(name: string, env: Environment = {}): Promise<ServerProcess> {
    const user = `${schemaOf(name)}_a`;
    const server = await startServer(this.folder, {
      SERVER_NAME: name,
      DATABASE_HOST: "127.0.0.1",
      DATABASE_PORT: String(this.cluster.port),
      DATABASE_USER: user,
      DATABASE_PASSWORD_FILE: this.passwordFile(user),
      ...env,
    });
    this.#running.push(server);
    return server;
  }

  async startReady(name: string, env: Environment = {}): Promise<ServerProcess> {
    const server = await this.start(name, env);
    await untilStatus(`${server.url}/live`, 200, 15_000);
    return server;
  }

  async asLogin<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const password = readFileSync(this.passwordFile(role), "utf8").trim();
    const client = new pg.Client({
      host: "127.0.0.1",
      port: this.cluster.port,
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
}

export async function connect(server: ServerProcess, era: keyof typeof ERAS): Promise<Client> {
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: ERAS[era] });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`)));
  return client;
}
