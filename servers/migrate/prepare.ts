import pg from "pg";
import { loginRoles, type RolesSpec } from "./config.ts";
import type { Connection } from "./roles.ts";

const quote = pg.escapeIdentifier;

/** What the statements of migrations and exporter are tested with. */
const OLDEST_MAJOR = 17;

/** Something about the server has to change first; every problem at once. */
class PrepareError extends Error {
  constructor(problems: readonly string[]) {
    super(
      `the external database has ${problems.length} problem(s), and was not changed: ${problems.join("; ")}`,
    );
    this.name = "PrepareError";
  }
}

/**
 * Makes of an empty database on a server of somebody else what `images/postgres/init.sql` makes as superuser, as far as
 * its owner may: the roles of pooler and exporter, and the function that answers the pooler.
 *
 * Nobody but a superuser can read the verifiers that the server keeps, so the function reads copies in a table, which
 * also tells the roles that this database's fleet has made from those of others on the same server.
 *
 * @throws with everything that the server or its role lacks.
 */
export async function prepareDatabase(connection: Connection, spec: RolesSpec): Promise<void> {
  const problems = await problemsOf(connection, spec);
  if (problems.length > 0) throw new PrepareError(problems);
  const { lookupRole, exporterRole } = spec;
  const [lookup, exporter] = [quote(lookupRole), quote(exporterRole)];
  const existing = await existingRoles(connection, [lookupRole, exporterRole]);
  for (const statement of [
    "CREATE SCHEMA IF NOT EXISTS pgbouncer",
    "REVOKE ALL ON SCHEMA pgbouncer FROM PUBLIC",
    // Without a verifier: cannot log in through the pooler.
    "CREATE TABLE IF NOT EXISTS pgbouncer.roles (name text PRIMARY KEY, verifier text)",
    "REVOKE ALL ON pgbouncer.roles FROM PUBLIC",
    ...(existing.has(lookupRole) ? [] : [`CREATE ROLE ${lookup} NOLOGIN NOINHERIT`]),
    ...(existing.has(exporterRole) ? [] : [`CREATE ROLE ${exporter} NOLOGIN`]),
    `GRANT pg_monitor TO ${exporter}`,
    `GRANT USAGE ON SCHEMA pgbouncer TO ${lookup}`,
    `CREATE OR REPLACE FUNCTION pgbouncer.user_lookup(wanted text) RETURNS TABLE (uname text, phash text)
     LANGUAGE sql STABLE SECURITY DEFINER
     SET search_path = pg_catalog, pg_temp
     BEGIN ATOMIC
       SELECT name, verifier FROM pgbouncer.roles WHERE name = wanted AND verifier IS NOT NULL;
     END`,
    "REVOKE ALL ON FUNCTION pgbouncer.user_lookup(text) FROM PUBLIC",
    `GRANT EXECUTE ON FUNCTION pgbouncer.user_lookup(text) TO ${lookup}`,
  ]) {
    await connection.query(statement);
  }
  const { rows } = await connection.query<{ name: string }>("SELECT current_database() AS name");
  await connection.query(
    `GRANT CONNECT ON DATABASE ${quote(rows[0]?.name ?? "")} TO ${lookup}, ${exporter}`,
  );
  await connection.query(
    "INSERT INTO pgbouncer.roles (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
    [rolesOf(spec)],
  );
}

/** What the pooler is told of a login: the same bytes as in the server's own catalogue. */
export async function storeVerifier(
  connection: Connection,
  role: string,
  verifier: string,
): Promise<void> {
  await connection.query("UPDATE pgbouncer.roles SET verifier = $2 WHERE name = $1", [
    role,
    verifier,
  ]);
}

/** Every role that the fleet makes. */
function rolesOf(spec: RolesSpec): string[] {
  const groups = spec.servers.flatMap(({ schema }) => [`${schema}_owner`, `${schema}_rw`]);
  return [...groups, ...loginRoles(spec)];
}

interface Abilities extends pg.QueryResultRow {
  me: string;
  database: string;
  version: number;
  makes_roles: boolean;
  owns: boolean;
  passes_monitor: boolean;
  room: number;
  known: boolean;
}

async function problemsOf(connection: Connection, spec: RolesSpec): Promise<string[]> {
  const { rows } = await connection.query<Abilities>(`
    SELECT current_user AS me, current_database() AS database,
      current_setting('server_version_num')::int / 10000 AS version,
      rolsuper OR rolcreaterole AS makes_roles,
      pg_has_role(datdba, 'USAGE') AS owns,
      pg_has_role('pg_monitor', 'USAGE WITH ADMIN OPTION') AS passes_monitor,
      (SELECT sum(CASE name WHEN 'max_connections' THEN 1 ELSE -1 END * setting::int)::int FROM pg_settings
        WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')) AS room,
      to_regclass('pgbouncer.roles') IS NOT NULL AS known
    FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`);
  const found = rows[0];
  if (!found) throw new Error("the database does not know the user that it has let in");
  const { me, database, version, room } = found;
  const wanted = spec.prepare?.connections ?? 0;
  return [
    ...(version < OLDEST_MAJOR
      ? [`it is PostgreSQL ${version}; upgrade it to ${OLDEST_MAJOR} or newer`]
      : []),
    ...(found.makes_roles
      ? []
      : [`${me} may not make roles; as an administrator: ALTER ROLE ${quote(me)} CREATEROLE`]),
    ...(found.owns
      ? []
      : [
          `${me} does not own database ${database}; as an administrator: ALTER DATABASE ${quote(database)} OWNER TO ${quote(me)}`,
        ]),
    ...(found.passes_monitor
      ? []
      : [
          `${me} may not let the exporter read statistics; as an administrator: GRANT pg_monitor TO ${quote(me)} WITH ADMIN OPTION`,
        ]),
    ...(room < wanted
      ? [
          `it has room for ${room} connections, pgbouncer.maxDbConnections and postgres.directConnections are ${wanted}; raise its max_connections or lower those`,
        ]
      : []),
    ...(await takenProblems(connection, spec, found.known)),
  ];
}

/** Roles are the whole server's: those of another fleet or program would get other passwords. */
async function takenProblems(
  connection: Connection,
  spec: RolesSpec,
  known: boolean,
): Promise<string[]> {
  const existing = await existingRoles(connection, rolesOf(spec));
  const own = new Set(
    known
      ? (await connection.query<{ name: string }>("SELECT name FROM pgbouncer.roles")).rows.map(
          ({ name }) => name,
        )
      : [],
  );
  const taken = [...existing].filter((role) => !own.has(role));
  return taken.length === 0
    ? []
    : [
        `role(s) ${taken.join(", ")} exist on the server and were not made for this database; use a server of its own, or drop them`,
      ];
}

async function existingRoles(
  connection: Connection,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await connection.query<{ rolname: string }>(
    "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY($1) ORDER BY 1",
    [names],
  );
  return new Set(rows.map(({ rolname }) => rolname));
}
