import pg from "pg";
import type { RolesSpec, ServerRoles } from "./config.ts";
import { storeVerifier } from "./prepare.ts";
import { scramMatches, scramVerifier, stableSalt } from "./scram.ts";

/** The part of a connection that this job uses. */
export interface Connection {
  query<Row extends pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** A transaction that is left open holds locks and stops vacuum: cut it off. Seconds. */
const IDLE_IN_TRANSACTION_SECONDS = 30;

/** Waiting longer for a lock than this is a fault, not patience. Seconds. */
const LOCK_TIMEOUT_SECONDS = 10;

const quote = pg.escapeIdentifier;

interface RoleRow extends pg.QueryResultRow {
  rolname: string;
  rolcanlogin: boolean;
}

/**
 * Brings roles, schemas and privileges to what the spec says; what is right already is left alone.
 * Roles that the spec does not name are not touched: an older release may still use them.
 *
 * @returns the names of the roles whose password was set.
 */
export async function reconcileRoles(
  connection: Connection,
  spec: RolesSpec,
  passwords: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { rows } = await connection.query<RoleRow>("SELECT rolname, rolcanlogin FROM pg_roles");
  const existing = new Map(rows.map((row) => [row.rolname, row]));
  const changed: string[] = [];
  for (const server of spec.servers) {
    await reconcileServer(connection, server, existing);
    for (const login of ["a", "b"] as const) {
      const role = `${server.schema}_${login}`;
      await reconcileLogin(connection, server, role, existing);
      if (await setPassword(connection, role, passwords, spec)) changed.push(role);
    }
  }
  for (const role of [spec.exporterRole, spec.lookupRole]) {
    const row = existing.get(role);
    if (!row)
      throw new Error(
        `role ${role} does not exist: the database was not initialised by this platform`,
      );
    if (!row.rolcanlogin) await connection.query(`ALTER ROLE ${quote(role)} LOGIN`);
    if (await setPassword(connection, role, passwords, spec)) changed.push(role);
  }
  return changed;
}

async function reconcileServer(
  connection: Connection,
  { schema }: ServerRoles,
  existing: ReadonlyMap<string, RoleRow>,
): Promise<void> {
  const owner = quote(`${schema}_owner`);
  const readWrite = quote(`${schema}_rw`);
  for (const role of [`${schema}_owner`, `${schema}_rw`]) {
    if (!existing.has(role)) await connection.query(`CREATE ROLE ${quote(role)} NOLOGIN`);
  }
  // CREATE SCHEMA AUTHORIZATION and SET ROLE below need the membership, which creating the role
  // gives only with ADMIN since PostgreSQL 16.
  await connection.query(`GRANT ${owner} TO CURRENT_USER`);
  await connection.query(`CREATE SCHEMA IF NOT EXISTS ${quote(schema)} AUTHORIZATION ${owner}`);
  await connection.query(`ALTER SCHEMA ${quote(schema)} OWNER TO ${owner}`);
  await connection.query(`SET ROLE ${owner}`);
  try {
    const privileges = `GRANT USAGE ON SCHEMA ${quote(schema)} TO ${readWrite}`;
    await connection.query(privileges);
    for (const [kind, rights] of OBJECT_RIGHTS) {
      await connection.query(
        `GRANT ${rights} ON ALL ${kind} IN SCHEMA ${quote(schema)} TO ${readWrite}`,
      );
      await connection.query(
        `ALTER DEFAULT PRIVILEGES IN SCHEMA ${quote(schema)} GRANT ${rights} ON ${kind} TO ${readWrite}`,
      );
    }
  } finally {
    await connection.query("RESET ROLE");
  }
}

const OBJECT_RIGHTS = [
  ["TABLES", "SELECT, INSERT, UPDATE, DELETE"],
  ["SEQUENCES", "USAGE, SELECT"],
  ["FUNCTIONS", "EXECUTE"],
] as const;

async function reconcileLogin(
  connection: Connection,
  server: ServerRoles,
  role: string,
  existing: ReadonlyMap<string, RoleRow>,
): Promise<void> {
  const { schema, connectionLimit, statementTimeoutSeconds } = server;
  const name = quote(role);
  if (!existing.has(role)) await connection.query(`CREATE ROLE ${name} LOGIN INHERIT`);
  await connection.query(`ALTER ROLE ${name} LOGIN CONNECTION LIMIT ${connectionLimit}`);
  await connection.query(`GRANT ${quote(`${schema}_rw`)} TO ${name}`);
  await connection.query(
    `GRANT CONNECT ON DATABASE ${quote(await databaseName(connection))} TO ${name}`,
  );
  const settings = {
    search_path: quote(schema),
    statement_timeout: `'${statementTimeoutSeconds}s'`,
    lock_timeout: `'${LOCK_TIMEOUT_SECONDS}s'`,
    idle_in_transaction_session_timeout: `'${IDLE_IN_TRANSACTION_SECONDS}s'`,
  };
  for (const [setting, value] of Object.entries(settings)) {
    await connection.query(`ALTER ROLE ${name} SET ${setting} = ${value}`);
  }
}

async function databaseName(connection: Connection): Promise<string> {
  const { rows } = await connection.query<{ name: string }>("SELECT current_database() AS name");
  return rows[0]?.name ?? "";
}

async function setPassword(
  connection: Connection,
  role: string,
  passwords: ReadonlyMap<string, string>,
  { prepare, exporterRole, lookupRole }: RolesSpec,
): Promise<boolean> {
  const password = passwords.get(role);
  if (password === undefined) throw new Error(`no password for role ${role}`);
  // The pooler has a copy of the very bytes: there, any other verifier of the same password is a wrong one.
  const stored = prepare ? undefined : await storedVerifier(connection, role);
  if (stored !== undefined && scramMatches(stored, password)) return false;
  const verifier = scramVerifier(password, stableSalt(role, password));
  // The statement cannot take bound values; a verifier holds no quote character.
  await connection.query(`ALTER ROLE ${quote(role)} PASSWORD '${verifier}'`);
  if (prepare && role !== exporterRole && role !== lookupRole) {
    await storeVerifier(connection, role, verifier);
  }
  return true;
}

/** What the database keeps, if this role may look; a superuser may. */
async function storedVerifier(connection: Connection, role: string): Promise<string | undefined> {
  const readable = await connection.query<{ ok: boolean }>(
    "SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS ok",
  );
  if (readable.rows[0]?.ok !== true) return undefined;
  const { rows } = await connection.query<{ rolpassword: string | null }>(
    "SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = $1",
    [role],
  );
  return rows[0]?.rolpassword ?? undefined;
}
