import { notMatching, select } from "../metrics/select.ts";
import { defineDashboard, type FleetDashboard } from "./define-dashboard.ts";
import type { Limits } from "./limits.ts";
import { pool, poolerSection } from "./pooler-section.ts";
import { bars, bigNumber, rows, timeSeries } from "./panels.ts";
import { rate, releaseMarks, upWords } from "./shared.ts";

/** Not the templates, which nobody uses. */
const database = { datname: notMatching("template.*") };

/** PostgreSQL, and the pooler in front of it. */
export function databaseDashboard(limits: Limits): FleetDashboard {
  const hit = (window: string) => {
    const part = (name: "pg_stat_database_blks_hit" | "pg_stat_database_blks_read") =>
      `sum(rate(${select(name, database)}[${window}]))`;
    return `${part("pg_stat_database_blks_hit")} / (${part("pg_stat_database_blks_hit")} + ${part("pg_stat_database_blks_read")} > 0)`;
  };
  const connections = `sum(${select("pg_stat_activity_count")}) / sum(${select("pg_settings_max_connections")})`;
  return defineDashboard({
    uid: "mcp-database",
    title: "Database Performance",
    description: "PostgreSQL and the pooler: connections, waits, transactions, cache, size, log.",
    variables: [],
    annotations: releaseMarks,
    sections: [
      {
        title: "Now",
        panels: [
          bigNumber({
            title: "PostgreSQL",
            description: "Whether the exporter can connect.",
            unit: "none",
            width: 4,
            queries: [{ expr: `max(${select("pg_up")})`, legend: "" }],
            limit: limits.postgresUp,
            words: upWords,
            prominent: true,
          }),
          bigNumber({
            title: "PgBouncer",
            description: "Whether the pooler answers its exporter.",
            unit: "none",
            width: 4,
            queries: [{ expr: `max(${select("pgbouncer_up")})`, legend: "" }],
            limit: limits.pgbouncerUp,
            words: upWords,
            prominent: true,
          }),
          bigNumber({
            title: "Connections in use",
            description: "Share of the connections that PostgreSQL allows.",
            unit: "percentunit",
            width: 4,
            decimals: 0,
            queries: [{ expr: connections, legend: "" }],
            limit: limits.connectionsRatio,
            prominent: true,
          }),
          bigNumber({
            title: "Clients waiting",
            description: "Clients that wait for a connection of the pooler.",
            unit: "short",
            width: 4,
            queries: [
              {
                expr: `sum(${select("pgbouncer_pools_client_waiting_connections", pool)})`,
                legend: "",
              },
            ],
            limit: limits.clientsWaiting,
            prominent: true,
          }),
          bigNumber({
            title: "Cache hits",
            description: "Share of blocks that were found in memory, over 5 minutes.",
            unit: "percentunit",
            width: 4,
            decimals: 2,
            queries: [{ expr: hit("5m"), legend: "" }],
            limit: limits.cacheHitRatio,
          }),
          bigNumber({
            title: "Size",
            description: "All databases together.",
            unit: "bytes",
            width: 4,
            queries: [{ expr: `sum(${select("pg_database_size_bytes", database)})`, legend: "" }],
          }),
        ],
      },
      poolerSection(limits),
      {
        title: "PostgreSQL",
        panels: [
          timeSeries({
            title: "Connections in use over time",
            description: "Share of the connections that PostgreSQL allows.",
            unit: "percentunit",
            width: 8,
            min: 0,
            queries: [{ expr: connections, legend: "in use" }],
            limit: limits.connectionsRatio,
          }),
          timeSeries({
            title: "Connections by state",
            description: "`idle in transaction` holds locks without doing anything.",
            unit: "short",
            width: 8,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (state) (${select("pg_stat_activity_count")})`,
                legend: "{{state}}",
              },
            ],
          }),
          timeSeries({
            title: "Longest transaction",
            description: "Age of the oldest open transaction, by state.",
            unit: "s",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `max by (state) (${select("pg_stat_activity_max_tx_duration")})`,
                legend: "{{state}}",
              },
            ],
            limit: limits.transactionSeconds,
          }),
          timeSeries({
            title: "Transactions",
            description: "Committed and rolled back, per second.",
            unit: "ops",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("pg_stat_database_xact_commit", database)})`,
                legend: "committed",
              },
              {
                expr: `sum(${rate("pg_stat_database_xact_rollback", database)})`,
                legend: "rolled back",
              },
            ],
          }),
          timeSeries({
            title: "Rolled back",
            description: "Share of transactions that were rolled back.",
            unit: "percentunit",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("pg_stat_database_xact_rollback", database)}) / (sum(${rate("pg_stat_database_xact_commit", database)}) + sum(${rate("pg_stat_database_xact_rollback", database)}) > 0)`,
                legend: "rolled back",
              },
            ],
            limit: limits.rollbackRatio,
          }),
          timeSeries({
            title: "Deadlocks",
            description: "Per minute.",
            unit: "short",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `60 * sum(${rate("pg_stat_database_deadlocks", database)})`,
                legend: "deadlocks",
              },
            ],
            limit: limits.deadlocksPerMinute,
          }),
          timeSeries({
            title: "Cache hits over time",
            description: "Share of blocks that were found in memory.",
            unit: "percentunit",
            width: 8,
            max: 1,
            queries: [{ expr: hit("$__rate_interval"), legend: "found in memory" }],
            limit: limits.cacheHitRatio,
          }),
          timeSeries({
            title: "Locks",
            description: "Held or waited for, by kind.",
            unit: "short",
            width: 8,
            min: 0,
            stacked: true,
            queries: [
              {
                expr: `sum by (mode) (${select("pg_locks_count", database)}) > 0`,
                legend: "{{mode}}",
              },
            ],
          }),
          timeSeries({
            title: "Rows",
            description: "Inserted, updated and deleted per second.",
            unit: "ops",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("pg_stat_database_tup_inserted", database)})`,
                legend: "inserted",
              },
              {
                expr: `sum(${rate("pg_stat_database_tup_updated", database)})`,
                legend: "updated",
              },
              {
                expr: `sum(${rate("pg_stat_database_tup_deleted", database)})`,
                legend: "deleted",
              },
            ],
          }),
        ],
      },
      {
        title: "Disk",
        panels: [
          timeSeries({
            title: "Checkpoints",
            description: "By the clock, and because there was too much log: then it is too small.",
            unit: "ops",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum(${rate("pg_stat_checkpointer_num_timed_total")})`,
                legend: "by the clock",
              },
              {
                expr: `sum(${rate("pg_stat_checkpointer_num_requested_total")})`,
                legend: "too much log",
              },
            ],
          }),
          timeSeries({
            title: "Write-ahead log",
            description: "Size on disk.",
            unit: "bytes",
            width: 8,
            min: 0,
            queries: [{ expr: `sum(${select("pg_wal_size_bytes")})`, legend: "log" }],
          }),
          timeSeries({
            title: "Temporary files",
            description: "Bytes per second that sorts and joins wrote because memory was short.",
            unit: "Bps",
            width: 8,
            min: 0,
            queries: [
              {
                expr: `sum by (datname) (${rate("pg_stat_database_temp_bytes", database)})`,
                legend: "{{datname}}",
              },
            ],
          }),
          bars({
            title: "Largest tables",
            description: "Ten tables with their indexes.",
            unit: "bytes",
            width: 12,
            height: 9,
            queries: [
              {
                expr: `topk(10, sum by (schemaname, relname) (${select("pg_stat_user_tables_size_bytes")}))`,
                legend: "{{schemaname}}.{{relname}}",
              },
            ],
          }),
          rows({
            title: "Tables",
            description: "Rows and dead rows, estimated; dead ones wait for a vacuum.",
            unit: "short",
            width: 12,
            height: 9,
            queries: [
              {
                expr: `sum by (schemaname, relname) (${select("pg_stat_user_tables_n_live_tup")})`,
                legend: "",
              },
              {
                expr: `sum by (schemaname, relname) (${select("pg_stat_user_tables_n_dead_tup")})`,
                legend: "",
              },
              {
                expr: `sum by (schemaname, relname) (${select("pg_stat_user_tables_seq_scan")})`,
                legend: "",
              },
              {
                expr: `sum by (schemaname, relname) (${select("pg_stat_user_tables_idx_scan")})`,
                legend: "",
              },
            ],
            columns: [
              { field: "schemaname", title: "Schema" },
              { field: "relname", title: "Table" },
              { field: "Value #A", title: "Rows" },
              { field: "Value #B", title: "Dead rows" },
              { field: "Value #C", title: "Full scans" },
              { field: "Value #D", title: "Index scans" },
            ],
          }),
        ],
      },
    ],
  });
}
