import * as z from "zod";
import { defineTool } from "../tools.ts";
import type { Tool } from "../tools.ts";
import { line, onlyRow, page } from "./fields.ts";

const schemaName = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, "use the name of a schema, as in book_planning");

const tableSize = z.object({
  schema: line,
  table: line,
  bytes: z.int(),
  indexBytes: z.int(),
  rowsEstimated: z.int(),
});
type TableSize = z.output<typeof tableSize>;

/** Read-only on purpose: what changes the database goes through a release. */
export const databaseAdmin: readonly Tool[] = [
  defineTool({
    name: "database_health",
    title: "Check the database",
    description:
      "Shows version, uptime, size, connections and cache hit ratio of the database. Ratio and counts are since its statistics were reset.",
    effect: "read",
    input: z.strictObject({}),
    output: z.object({
      database: line,
      version: line,
      startedAt: z.string(),
      bytes: z.int(),
      connections: z.int(),
      maxConnections: z.int(),
      inRecovery: z.boolean(),
      cacheHitRatio: z.number().nullable(),
      deadlocks: z.int(),
    }),
    run: async (_args, { db }) => {
      const rows = await db.query<{
        database: string;
        version: string;
        startedAt: string;
        bytes: number;
        connections: number;
        maxConnections: number;
        inRecovery: boolean;
        cacheHitRatio: number | null;
        deadlocks: number;
      }>(
        `SELECT datname AS database, current_setting('server_version') AS version,
                pg_postmaster_start_time() AS "startedAt", pg_database_size(datid) AS bytes,
                (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
                current_setting('max_connections')::int AS "maxConnections", pg_is_in_recovery() AS "inRecovery",
                round(blks_hit / nullif(blks_hit + blks_read, 0)::numeric, 4) AS "cacheHitRatio", deadlocks
         FROM pg_stat_database WHERE datname = current_database()`,
      );
      return onlyRow(rows, "the database keeps no statistics");
    },
  }),
  defineTool({
    name: "list_tables",
    title: "List tables",
    description:
      "Lists the tables of all servers by schema, with their columns counted; optionally of one schema.",
    effect: "read",
    input: z.strictObject({ schema: schemaName.optional(), limit: page.limit }),
    output: z.object({
      tables: z.array(z.object({ schema: line, table: line, columns: z.int() })),
    }),
    run: async ({ schema, limit }, { db, table }) => {
      const tables = await db.query<{ schema: string; table: string; columns: number }>(
        `SELECT schema_name AS schema, table_name AS table, columns FROM ${table("user_tables")}
         WHERE $1::text IS NULL OR schema_name = $1 ORDER BY 1, 2 LIMIT $2`,
        [schema ?? null, limit],
      );
      return { tables };
    },
  }),
  defineTool({
    name: "table_sizes",
    title: "Show table sizes",
    description: "Shows the largest tables with indexes and estimated rows. Sizes in bytes.",
    effect: "read",
    input: z.strictObject({ schema: schemaName.optional(), limit: page.limit }),
    output: z.object({ tables: z.array(tableSize) }),
    run: async ({ schema, limit }, { db, table }) => {
      const tables = await db.query<TableSize>(
        `SELECT schema_name AS schema, table_name AS table, pg_total_relation_size(table_oid) AS bytes,
                pg_indexes_size(table_oid) AS "indexBytes", rows_estimated AS "rowsEstimated"
         FROM ${table("user_tables")} WHERE $1::text IS NULL OR schema_name = $1 ORDER BY 3 DESC, 1, 2 LIMIT $2`,
        [schema ?? null, limit],
      );
      return { tables };
    },
  }),
  defineTool({
    name: "connection_stats",
    title: "Show connections",
    description:
      "Counts connections to the database per role, with the role's own limit (null: none).",
    effect: "read",
    input: z.strictObject({}),
    output: z.object({
      roles: z.array(z.object({ role: line, connections: z.int(), limit: z.int().nullable() })),
    }),
    run: async (_args, { db }) => {
      const roles = await db.query<{ role: string; connections: number; limit: number | null }>(
        `SELECT r.rolname AS role, count(*) AS connections, nullif(r.rolconnlimit, -1) AS limit
         FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
         WHERE a.datname = current_database() GROUP BY r.rolname, r.rolconnlimit ORDER BY 2 DESC, 1 LIMIT 100`,
      );
      return { roles };
    },
  }),
];
