import { readFile } from "node:fs/promises";
import pg from "pg";
import type { DatabaseConfig } from "./config.ts";

/** The database cannot be reached or refuses work: nothing that the caller could change. */
export class DatabaseUnavailableError extends Error {
  constructor(cause: unknown) {
    super("the database is not available", { cause });
    this.name = "DatabaseUnavailableError";
  }
}

/** What tools may do with the database. */
export interface Queryable {
  /**
   * Runs one statement with bound values and returns its rows. No session state: behind a pooler in
   * transaction mode the next statement may run on another connection.
   *
   * @throws DatabaseUnavailableError when the connection failed; the database's own error otherwise.
   */
  query<Row extends Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

export interface DatabaseEvents {
  /** After every statement. Seconds. */
  readonly onQuery?: (seconds: number, failed: boolean) => void;
  /** The connection failed: a reason to probe at once instead of at the next tick. */
  readonly onUnavailable?: (error: unknown) => void;
}

/** Longest wait for a connection, free or new. */
const CONNECT_TIMEOUT_MS = 5000;

/** Connections are renewed after this long, so that a draining pooler or a rotation is not held up. */
const MAX_LIFETIME_SECONDS = 120;

/** The one connection pool of a server. */
export class Database implements Queryable {
  readonly #pool: pg.Pool;
  readonly #events: DatabaseEvents;
  readonly #statementNames = new Map<string, string>();

  constructor(config: DatabaseConfig, applicationName: string, events: DatabaseEvents = {}) {
    this.#events = events;
    this.#pool = createPool(config, applicationName, {
      max: config.poolSize,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: 30_000,
      maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    });
    this.#pool.on("error", (error) => events.onUnavailable?.(error));
  }

  async query<Row extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<Row[]> {
    const started = performance.now();
    let failed = true;
    try {
      const rows = await this.#run<Row>(text, values);
      failed = false;
      return rows;
    } catch (error) {
      if (!isConnectionFailure(error)) throw error;
      this.#events.onUnavailable?.(error);
      throw new DatabaseUnavailableError(error);
    } finally {
      this.#events.onQuery?.((performance.now() - started) / 1000, failed);
    }
  }

  async #run<Row extends Record<string, unknown>>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    const client = await this.#pool.connect();
    try {
      const result = await client.query<Row>({
        name: this.#statementName(text),
        text,
        values: [...values],
      });
      client.release();
      return result.rows;
    } catch (error) {
      // A refused statement leaves the connection as good as it was: keep it.
      client.release(isConnectionFailure(error));
      throw error;
    }
  }

  /** Connections of the pool by what they do now. */
  get connections(): { active: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { active: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Named statements are parsed once per server connection; the pooler tracks them. */
  #statementName(text: string): string {
    let name = this.#statementNames.get(text);
    if (name === undefined) {
      name = `s${this.#statementNames.size + 1}`;
      this.#statementNames.set(text, name);
    }
    return name;
  }
}

/** A pool whose connections may break at any time without ending the process. */
export function createPool(
  config: DatabaseConfig,
  applicationName: string,
  limits: pg.PoolConfig,
): pg.Pool {
  const pool = new pg.Pool({
    host: config.host,
    port: config.port,
    database: config.name,
    user: config.user,
    password: () => readPassword(config.passwordFile),
    application_name: applicationName,
    keepAlive: true,
    types: { getTypeParser: parserOf as typeof pg.types.getTypeParser },
    ...limits,
  });
  // Node ends a process on an "error" event that nobody listens to. The pool listens to idle
  // connections only and passes their errors on; a busy one's error also fails its statement.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** The content of a secret file without its final line break. */
export async function readPassword(path: string): Promise<string> {
  return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
}

/** Type numbers of PostgreSQL's catalogue; they never change. */
const OID = { int8: 20, date: 1082, timestamptz: 1184, numeric: 1700 } as const;

/** Times as ISO 8601 text and counts as numbers, so that rows are ready to be sent. */
function parserOf(oid: number, format?: "text" | "binary"): unknown {
  switch (oid) {
    case OID.timestamptz:
      return (text: string) =>
        new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")).toISOString();
    case OID.date:
      return String;
    case OID.int8:
    case OID.numeric:
      return Number;
    default:
      return pg.types.getTypeParser(oid, format);
  }
}

/** Errors of sockets and name resolution that mean "not there now". */
const SOCKET_ERRORS = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** Whether the connection failed rather than the statement. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (SOCKET_ERRORS.has(code)) return true;
  // 08: connection exception; 57P01-57P03: shutting down or starting up; 53300: too many connections.
  if (/^(08...|57P0[123]|53300)$/.test(code)) return true;
  // The driver's own messages have no code; a refused password (28...) is an outage to the caller, too.
  return (
    /^28/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|timeout expired/i.test(
      error.message,
    )
  );
}
