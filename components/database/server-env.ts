import { schemaOf } from "../servers/mcp-server.schema.ts";
import { loginRole, pgbouncerPort } from "./names.ts";
import type { PostgresSpec } from "./postgres.schema.ts";

/** Where a server finds its password; the directory is that of its other secrets. */
const passwordFile = "/run/secrets/fleet/database-password";

/**
 * Where and as whom a server reaches the database: always by the pooler. No secrets.
 *
 * @param server its name.
 * @param pooler host name of PgBouncer.
 */
export function serverDatabaseEnv(
  server: string,
  pooler: string,
  spec: Pick<PostgresSpec, "name">,
): Record<string, string> {
  const schema = schemaOf(server);
  return {
    DATABASE_HOST: pooler,
    DATABASE_PORT: String(pgbouncerPort),
    DATABASE_NAME: spec.name,
    DATABASE_USER: loginRole(schema, "a"),
    DATABASE_SCHEMA: schema,
    DATABASE_PASSWORD_FILE: passwordFile,
  };
}
