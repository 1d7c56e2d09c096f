/** Names that the database image, the migrations, the pooler and the exporters have to agree on. */

export const postgresPort = 5432;
export const pgbouncerPort = 6432;

/** Volume of the data. A major version cannot read the files of another one, so it is part of the name. */
export const postgresVolume = "postgres-17";

/** Roles that `images/postgres/init.sql` makes and the migrations give a password. */
export const databaseRoles = {
  /** The pooler looks up the verifiers of others with it. */
  lookup: "pgbouncer_auth",
  /** Reads statistics (`pg_monitor`). */
  exporter: "postgres_exporter",
} as const;

/** User of the pooler's own statistics console; not a role of the database. */
export const statsUser = "pgbouncer_stats";

/** Function of `images/postgres/init.sql` that answers the pooler. */
export const lookupQuery = "SELECT uname, phash FROM pgbouncer.user_lookup($1)";

export type Login = "a" | "b";

/**
 * Login role of a server. There are two, so that a password can change on the idle one before the server moves to it.
 *
 * @param schema schema of the server.
 */
export function loginRole(schema: string, login: Login): string {
  return `${schema}_${login}`;
}
