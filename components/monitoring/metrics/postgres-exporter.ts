import { buildInfo } from "./build-info.ts";
import { counter, exporter, gauge } from "./definition.ts";

const database = { datid: "any", datname: "any" } as const;
const instance = { server: "any" } as const;
const table = { datname: "any", schemaname: "any", relname: "any" } as const;
const onceMigrated = "per table, once migrations have made one";
const activity = {
  ...instance,
  datname: "any",
  state: [
    "active",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    "fastpath function call",
    "disabled",
  ],
  usename: "any",
  application_name: "any",
  backend_type: "any",
  wait_event: "any",
  wait_event_type: "any",
} as const;

/**
 * PostgreSQL 17, with the collectors that the fleet switches on. Names are those of 0.17: checkpoints moved to
 * `pg_stat_checkpointer_*`, and replication lag to `pg_replication_lag_seconds`.
 */
export const postgresExporterMetrics = exporter({
  program: "postgres_exporter",
  version: "0.17",
  metrics: {
    pg_up: gauge("state", "1 if the exporter could connect to PostgreSQL."),
    pg_static: gauge("info", "Always 1; the labels are PostgreSQL's version.", {
      ...instance,
      short_version: "any",
      version: "any",
    }),
    pg_exporter_last_scrape_error: gauge("state", "1 if the last look at PostgreSQL failed."),
    pg_exporter_last_scrape_duration_seconds: gauge("seconds", "Time of the last look."),
    pg_exporter_scrapes_total: counter("count", "Looks at PostgreSQL."),
    pg_scrape_collector_success: gauge("state", "1 if a collector worked.", { collector: "any" }),
    pg_scrape_collector_duration_seconds: gauge("seconds", "Time of a collector.", {
      collector: "any",
    }),
    postgres_exporter_build_info: buildInfo,

    pg_settings_max_connections: gauge("count", "Connections that are allowed.", instance),
    pg_settings_superuser_reserved_connections: gauge(
      "count",
      "Connections kept free for superusers.",
      instance,
    ),
    pg_settings_reserved_connections: gauge("count", "Connections kept for a role.", instance),
    pg_settings_shared_buffers_bytes: gauge("bytes", "PostgreSQL's own cache.", instance),
    pg_settings_effective_cache_size_bytes: gauge(
      "bytes",
      "Cache that the planner counts on.",
      instance,
    ),
    pg_settings_work_mem_bytes: gauge("bytes", "Memory of one sort or hash.", instance),
    pg_settings_max_wal_size_bytes: gauge("bytes", "Log at which a checkpoint starts.", instance),
    pg_settings_checkpoint_timeout_seconds: gauge("seconds", "Checkpoint interval.", instance),
    pg_settings_autovacuum_freeze_max_age: gauge(
      "count",
      "Age of transactions at which a vacuum is forced.",
      instance,
    ),
    pg_settings_fsync: gauge("state", "0 would lose data in a crash.", instance),
    pg_settings_server_version_num: gauge("info", "Version as a number.", instance),

    pg_stat_activity_count: gauge("count", "Connections, by state and login.", activity),
    pg_stat_activity_max_tx_duration: gauge("seconds", "Oldest transaction.", activity),
    pg_long_running_transactions: gauge("count", "Transactions that are open."),
    pg_long_running_transactions_oldest_timestamp_seconds: gauge(
      "seconds",
      "Age of the oldest transaction, whatever its name says.",
    ),
    pg_locks_count: gauge("count", "Locks that are held, by mode.", {
      datname: "any",
      mode: [
        "accessexclusivelock",
        "accesssharelock",
        "exclusivelock",
        "rowexclusivelock",
        "rowsharelock",
        "sharelock",
        "sharerowexclusivelock",
        "shareupdateexclusivelock",
        "sireadlock",
      ],
    }),

    pg_database_size_bytes: gauge("bytes", "Size on disk.", { datname: "any" }),
    pg_database_connection_limit: gauge("count", "Limit of a database; -1 is none.", {
      datname: "any",
    }),
    pg_roles_connection_limit: gauge("count", "Limit of a login; -1 is none.", { rolname: "any" }),
    pg_stat_database_numbackends: gauge("count", "Connections to a database.", database),
    pg_stat_database_xact_commit: counter("count", "Transactions committed.", database),
    pg_stat_database_xact_rollback: counter("count", "Transactions rolled back.", database),
    pg_stat_database_blks_hit: counter("count", "Blocks found in the cache.", database),
    pg_stat_database_blks_read: counter("count", "Blocks read past the cache.", database),
    pg_stat_database_tup_returned: counter("count", "Rows read.", database),
    pg_stat_database_tup_fetched: counter("count", "Rows found by index.", database),
    pg_stat_database_tup_inserted: counter("count", "Rows inserted.", database),
    pg_stat_database_tup_updated: counter("count", "Rows updated.", database),
    pg_stat_database_tup_deleted: counter("count", "Rows deleted.", database),
    pg_stat_database_deadlocks: counter("count", "Deadlocks.", database),
    pg_stat_database_temp_files: counter("count", "Temporary files.", database),
    pg_stat_database_temp_bytes: counter("bytes", "Written to temporary files.", database),
    pg_stat_database_active_time_seconds_total: counter(
      "seconds",
      "Time in which statements ran.",
      database,
    ),
    pg_stat_database_blk_read_time: counter(
      "milliseconds",
      "Time to read blocks; zero unless track_io_timing is on.",
      database,
    ),
    pg_stat_database_blk_write_time: counter(
      "milliseconds",
      "Time to write blocks; zero unless track_io_timing is on.",
      database,
    ),
    pg_stat_database_stats_reset: counter("unixtime", "When the counters were reset.", database),

    pg_stat_checkpointer_num_timed_total: counter("count", "Checkpoints by the clock."),
    pg_stat_checkpointer_num_requested_total: counter(
      "count",
      "Checkpoints because there was too much log, or by command.",
    ),
    pg_stat_checkpointer_write_time_total: counter("milliseconds", "Time checkpoints wrote."),
    pg_stat_checkpointer_sync_time_total: counter("milliseconds", "Time they waited for disks."),
    pg_stat_checkpointer_buffers_written_total: counter("count", "Blocks they wrote."),
    pg_stat_bgwriter_buffers_clean_total: counter("count", "Blocks the background writer wrote."),
    pg_stat_bgwriter_buffers_alloc_total: counter("count", "Blocks that were given out."),
    pg_stat_bgwriter_maxwritten_clean_total: counter("count", "Times it stopped: too many."),
    pg_stat_archiver_archived_count: counter("count", "Log files archived.", instance),
    pg_stat_archiver_failed_count: counter("count", "Log files that were not.", instance),
    pg_wal_segments: gauge("count", "Log files on disk."),
    pg_wal_size_bytes: gauge("bytes", "Log on disk."),
    pg_replication_is_replica: gauge("state", "1 if it is a replica."),
    pg_replication_lag_seconds: gauge("seconds", "Lag of a replica; 0 without one."),

    pg_stat_user_tables_n_live_tup: gauge("count", "Rows, estimated.", table, onceMigrated),
    pg_stat_user_tables_n_dead_tup: gauge("count", "Dead rows, estimated.", table, onceMigrated),
    pg_stat_user_tables_n_tup_ins: counter("count", "Rows inserted.", table, onceMigrated),
    pg_stat_user_tables_n_tup_upd: counter("count", "Rows updated.", table, onceMigrated),
    pg_stat_user_tables_n_tup_del: counter("count", "Rows deleted.", table, onceMigrated),
    pg_stat_user_tables_seq_scan: counter("count", "Scans of all rows.", table, onceMigrated),
    pg_stat_user_tables_seq_tup_read: counter("count", "Rows they read.", table, onceMigrated),
    pg_stat_user_tables_idx_scan: counter("count", "Scans by index.", table, onceMigrated),
    pg_stat_user_tables_size_bytes: gauge("bytes", "Size with indexes.", table, onceMigrated),
    pg_stat_user_tables_last_autovacuum: gauge(
      "unixtime",
      "Last automatic vacuum; 0 is never.",
      table,
      onceMigrated,
    ),
    pg_stat_user_tables_last_autoanalyze: gauge(
      "unixtime",
      "Last automatic analyze; 0 is never.",
      table,
      onceMigrated,
    ),
    pg_stat_user_tables_autovacuum_count: counter("count", "Vacuums.", table, onceMigrated),
    pg_statio_user_tables_heap_blocks_hit: counter("count", "Found cached.", table, onceMigrated),
    pg_statio_user_tables_heap_blocks_read: counter("count", "Read past it.", table, onceMigrated),
    pg_statio_user_tables_idx_blocks_hit: counter(
      "count",
      "Blocks of indexes found in the cache.",
      table,
      onceMigrated,
    ),
    pg_statio_user_tables_idx_blocks_read: counter(
      "count",
      "Blocks of indexes read past it.",
      table,
      onceMigrated,
    ),
  },
  unlisted: [
    { pattern: /^pg_settings_/, why: "settings that nothing here compares with" },
    { pattern: /^pg_stat_database_conflicts/, why: "happens on replicas only" },
    {
      pattern:
        /^pg_(stat_archiver_last_archive_age|replication_last_replay_seconds|replication_slot_)/,
      why: "means nothing without an archive or a replica",
    },
    {
      pattern: /^pg_stat_(checkpointer|bgwriter|user_tables)_|^pg_statio_user_tables_/,
      why: "finer than anything here looks at",
    },
    { pattern: /^postgres_exporter_config_/, why: "the exporter has no configuration file" },
  ],
});
