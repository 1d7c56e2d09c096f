import { revisionOf } from "../platform/revision.ts";
import type { PostgresSpec } from "./postgres.schema.ts";
import { postgresPort } from "./names.ts";

/**
 * Where clients may come from: the private ranges of RFC 1918, RFC 6598 (shared address space, used by some clusters
 * for pods) and RFC 4193. Networks of the fleet lie in them; the database is on no other.
 */
const privateNetworks = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "fc00::/7",
] as const;

/**
 * Server arguments: settings that only a restart can change. As arguments of the container they replace it, which the
 * preview shows; in the file a reload would silently leave the old value in force.
 */
export function postgresArguments(spec: PostgresSpec): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: "*",
    port: postgresPort,
    unix_socket_directories: "/run/postgresql",
    max_connections: spec.maxConnections,
    superuser_reserved_connections: spec.superuserReservedConnections,
    shared_buffers: spec.sharedBuffers,
    wal_buffers: spec.walBuffers,
    max_worker_processes: spec.maxWorkerProcesses,
    huge_pages: "off",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Files of the server, by name: everything that a reload can change. */
export function postgresFiles(spec: PostgresSpec): {
  "postgresql.conf": string;
  "pg_hba.conf": string;
} {
  const settings = renderSettings(spec);
  const hba = renderPgHba(spec.name);
  return {
    "postgresql.conf": `${settings}

# Tells whether this text and its pg_hba.conf are in force.
mcp_fleet.revision = ${quoteSetting(revisionOf([settings, hba]))}
`,
    "pg_hba.conf": hba,
  };
}

function renderSettings(spec: PostgresSpec): string {
  return `# Settings that a reload takes up; those that need a restart are arguments of the server.${section(
    "Memory and planner",
    {
      effective_cache_size: spec.effectiveCacheSize,
      maintenance_work_mem: spec.maintenanceWorkMem,
      work_mem: spec.workMem,
      effective_io_concurrency: spec.effectiveIoConcurrency,
      max_parallel_workers_per_gather: spec.maxParallelWorkersPerGather,
      // Compiling pays for long analytical statements only, and costs memory in every connection.
      jit: "off",
    },
  )}${section("Durability", {
    fsync: spec.fsync,
    full_page_writes: spec.fullPageWrites,
    synchronous_commit: spec.synchronousCommit,
    checkpoint_completion_target: spec.checkpointCompletionTarget,
  })}${section("Logins", { password_encryption: "scram-sha-256" })}${section(
    "Log: standard error; no values of statements, no statements for their own sake",
    {
      log_destination: "stderr",
      log_timezone: "UTC",
      log_line_prefix: "%m [%p] %q%u@%d/%a ",
      log_statement: "none",
      log_min_duration_statement: "1s",
      log_parameter_max_length: 0,
      log_parameter_max_length_on_error: 0,
      log_connections: "off",
      log_disconnections: "off",
      log_lock_waits: "on",
      log_temp_files: "10MB",
    },
  )}${section("Text", { timezone: "UTC", default_text_search_config: "pg_catalog.english" })}${section(
    "Connections of lost clients end within two minutes",
    {
      tcp_keepalives_idle: 60,
      tcp_keepalives_interval: 10,
      tcp_keepalives_count: 6,
      client_connection_check_interval: "10s",
    },
  )}`;
}

function section(title: string, settings: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoteSetting(value)}`);
  return `\n\n# ${title}\n${lines.join("\n")}`;
}

/**
 * Who may log in. The superuser only over the socket, as the operating system's user of the same name; everybody else
 * only over the network, to the one database.
 */
export function renderPgHba(database: string): string {
  const name = quoteHba(database);
  const rows = [
    ["local", "all", "postgres", "", "peer"],
    ["host", "all", "postgres", "all", "reject"],
    ...privateNetworks.map((network) => ["host", name, "all", network, "scram-sha-256"]),
    ["local", "all", "all", "", "reject"],
    ["host", "all", "all", "all", "reject"],
    ["local", "replication", "all", "", "reject"],
    ["host", "replication", "all", "all", "reject"],
  ];
  return `# type, database, user, address, method\n${rows.map((row) => row.filter(Boolean).join(" ")).join("\n")}\n`;
}

/** A value of postgresql.conf; both quotes and backslashes are doubled there. */
export function quoteSetting(value: string | number): string {
  return `'${String(value).replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A name of pg_hba.conf. Quoted, words like `all` and `replication` lose their meaning. */
export function quoteHba(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
