import { buildInfo } from "./build-info.ts";
import { counter, exporter, gauge } from "./definition.ts";

const pool = { database: "any", user: "any" } as const;
const entry = {
  name: "any",
  host: "any",
  port: "any",
  database: "any",
  force_user: "any",
  pool_mode: ["session", "transaction", "statement", ""],
} as const;
const perPool = "per pool, after its first connection; the console's own pool is always there";
const perDatabase = "per database, after its first connection; the console's own is always there";

/** Names as of 0.10; later versions renamed `pgbouncer_stats_*`. */
export const pgbouncerExporterMetrics = exporter({
  program: "pgbouncer_exporter",
  version: "0.10",
  metrics: {
    pgbouncer_up: gauge("state", "1 if PgBouncer answered the exporter."),
    pgbouncer_version_info: gauge("info", "Always 1; the label is PgBouncer's version.", {
      version: "any",
    }),
    pgbouncer_config_max_client_connections: gauge("count", "Client connections allowed."),
    pgbouncer_config_max_user_connections: gauge(
      "count",
      "Server connections allowed per login; 0 is no limit, so never divide by it.",
    ),
    pgbouncer_databases: gauge("count", "Databases that are known."),
    pgbouncer_pools: gauge("count", "Pools: pairs of database and login."),
    pgbouncer_users: gauge("count", "Logins that are known."),
    pgbouncer_used_clients: gauge("count", "Client connections in use."),
    pgbouncer_free_clients: gauge("count", "Client slots that are kept ready."),
    pgbouncer_login_clients: gauge("count", "Clients that are logging in."),
    pgbouncer_used_servers: gauge("count", "Server connections in use."),
    pgbouncer_free_servers: gauge("count", "Server slots that are kept ready."),
    pgbouncer_databases_current_connections: gauge(
      "count",
      "Server connections of a database.",
      entry,
      perDatabase,
    ),
    pgbouncer_databases_max_connections: gauge(
      "count",
      "Server connections that a database may have; 0 is no limit.",
      entry,
      perDatabase,
    ),
    pgbouncer_databases_pool_size: gauge(
      "count",
      "Server connections of one pool of the database.",
      entry,
      perDatabase,
    ),
    pgbouncer_databases_paused: gauge("state", "1 while a database is paused.", entry, perDatabase),
    pgbouncer_databases_disabled: gauge(
      "state",
      "1 while a database takes no new clients.",
      entry,
      perDatabase,
    ),
    pgbouncer_pools_client_active_connections: gauge(
      "count",
      "Clients that are linked to a server connection, or idle.",
      pool,
      perPool,
    ),
    pgbouncer_pools_client_waiting_connections: gauge(
      "count",
      "Clients that wait for a server connection.",
      pool,
      perPool,
    ),
    pgbouncer_pools_client_maxwait_seconds: gauge(
      "seconds",
      "How long the first client in the queue has waited.",
      pool,
      perPool,
    ),
    pgbouncer_pools_server_active_connections: gauge(
      "count",
      "Server connections that serve a client.",
      pool,
      perPool,
    ),
    pgbouncer_pools_server_idle_connections: gauge(
      "count",
      "Server connections that are ready.",
      pool,
      perPool,
    ),
    pgbouncer_pools_server_used_connections: gauge(
      "count",
      "Server connections that have to be checked before use.",
      pool,
      perPool,
    ),
    pgbouncer_pools_server_testing_connections: gauge(
      "count",
      "Server connections that are being checked or reset.",
      pool,
      perPool,
    ),
    pgbouncer_pools_server_login_connections: gauge(
      "count",
      "Server connections that are logging in.",
      pool,
      perPool,
    ),
    pgbouncer_stats_queries_pooled_total: counter(
      "count",
      "Statements.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_sql_transactions_pooled_total: counter(
      "count",
      "Transactions.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_queries_duration_seconds_total: counter(
      "seconds",
      "Time in which statements ran.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_server_in_transaction_seconds_total: counter(
      "seconds",
      "Time in which server connections were in a transaction.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_client_wait_seconds_total: counter(
      "seconds",
      "Time that clients waited for a server connection.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_received_bytes_total: counter(
      "bytes",
      "Received from clients.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_stats_sent_bytes_total: counter(
      "bytes",
      "Sent to clients.",
      { database: "any" },
      perDatabase,
    ),
    pgbouncer_exporter_build_info: buildInfo,
  },
  unlisted: [
    {
      pattern: /^pgbouncer_(cached_dns_|in_flight_dns_)/,
      why: "PgBouncer resolves one name",
    },
    { pattern: /^pgbouncer_pools_.*cancel/, why: "cancelled statements are too short to be seen" },
  ],
});
