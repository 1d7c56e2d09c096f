import { databaseRoles, type Login } from "./names.ts";
import type { PgBouncerSpec } from "./pgbouncer.schema.ts";
import type { PostgresSpec } from "./postgres.schema.ts";

export interface RolesServer {
  readonly name: string;
  /** Whose tables it has. */
  readonly domain: string;
  readonly schema: string;
  readonly activeLogin: Login;
}

/**
 * `roles.json`: what the migrations make of the database. Servers are sorted by name: their order in the fleet file
 * changes nothing.
 */
export function renderRoles(
  servers: readonly RolesServer[],
  pooler: Pick<PgBouncerSpec, "defaultPoolSize" | "reservePoolSize" | "maxDbConnections">,
  { external, directConnections }: Pick<PostgresSpec, "external" | "directConnections">,
): string {
  const roles = {
    servers: [...servers]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, domain, schema, activeLogin }) => ({
        name,
        schema,
        domain,
        activeLogin,
        connectionLimit: connectionLimit(pooler),
      })),
    exporterRole: databaseRoles.exporter,
    lookupRole: databaseRoles.lookup,
    ...(external && { prepare: { connections: pooler.maxDbConnections + directConnections } }),
  };
  return `${JSON.stringify(roles, undefined, 2)}\n`;
}

/** What an operator may open besides the pool, and what a restarting pooler may leave behind for a moment. */
const slack = 5;

/** The migrations accept no more. */
const most = 1000;

/** Connections of one login role: the pooler never opens more, so the limit stops only what goes around it. */
export function connectionLimit(
  pooler: Pick<PgBouncerSpec, "defaultPoolSize" | "reservePoolSize">,
): number {
  return Math.min(most, pooler.defaultPoolSize + pooler.reservePoolSize + slack);
}
