import { databaseRoles, lookupQuery, pgbouncerPort, statsUser } from "./names.ts";
import type { PgBouncerSpec } from "./pgbouncer.schema.ts";
import { caFile, type DatabaseTarget } from "./target.ts";

/** Where the pooler finds its files and keeps its socket, in its container. */
export const pgbouncerPaths = {
  mount: "/etc/pgbouncer",
  userlist: "/etc/pgbouncer/current/userlist.txt",
  serverCa: `/etc/pgbouncer/current/${caFile}`,
  sockets: "/run/pgbouncer",
} as const;

export interface PgBouncerTarget extends DatabaseTarget {
  /** The one database that clients may ask for. */
  readonly database: string;
}

/** `pgbouncer.ini`. */
export function renderPgBouncerIni(
  spec: PgBouncerSpec,
  { host, port, database, tls, cidrs }: PgBouncerTarget,
): string {
  const connection = { host, port, dbname: database };
  return `[databases]
${database} = ${connectionString(connection)}

[pgbouncer]
listen_addr = 0.0.0.0
listen_port = ${pgbouncerPort}
unix_socket_dir = ${pgbouncerPaths.sockets}
unix_socket_mode = 0700
; Log goes to standard error, and process 1 needs no file with its number.
logfile =
pidfile =

; Clients prove that they know the password; the proof is all that the pooler needs to log in for them, so no password
; of theirs is in any file. The verifiers come from a function that knows application logins only.
auth_type = scram-sha-256
auth_file = ${pgbouncerPaths.userlist}
auth_user = ${databaseRoles.lookup}
auth_dbname = ${database}
auth_query = ${lookupQuery}
; The admin console is for the container's own user over its socket; over the network there are statistics only.
admin_users =
stats_users = ${statsUser}

pool_mode = ${spec.poolMode}
default_pool_size = ${spec.defaultPoolSize}
min_pool_size = ${spec.minPoolSize}
reserve_pool_size = ${spec.reservePoolSize}
max_db_connections = ${spec.maxDbConnections}
max_client_conn = ${spec.maxClientConnections}
max_prepared_statements = ${spec.maxPreparedStatements}
ignore_startup_parameters = extra_float_digits

server_idle_timeout = ${spec.serverIdleTimeoutSeconds}
server_lifetime = ${spec.serverLifetimeSeconds}
server_connect_timeout = ${spec.serverConnectTimeoutSeconds}
server_login_retry = ${spec.serverLoginRetrySeconds}
query_wait_timeout = ${spec.queryWaitTimeoutSeconds}
query_timeout = ${spec.queryTimeoutSeconds}
; A restarted database may have another address: the stock 15 s would add to its downtime.
dns_max_ttl = 1
dns_nxdomain_ttl = 1
tcp_keepalive = 1
tcp_keepidle = 60
tcp_keepintvl = 10
tcp_keepcnt = 6

; ${
    cidrs
      ? "Clients come by a network of this fleet alone, without a way out; the database is elsewhere."
      : "Both sides are networks of this fleet alone, without a way out: certificates for them are not part of it."
  }
client_tls_sslmode = disable
server_tls_sslmode = ${tls.mode}
${tls.ca === undefined ? "" : `server_tls_ca_file = ${pgbouncerPaths.serverCa}\n`}
log_connections = 0
log_disconnections = 0
log_pooler_errors = 1
log_stats = 0
`;
}

/** Key words of a connection, each value quoted. */
export function connectionString(words: Readonly<Record<string, string | number>>): string {
  return Object.entries(words)
    .map(([word, value]) => `${word}='${String(value).replaceAll("'", "''")}'`)
    .join(" ");
}

/**
 * `userlist.txt`: the only two passwords that the pooler has. Sorted by name.
 *
 * @throws if a name or password holds a line break or a zero byte, which the format cannot express.
 */
export function renderUserlist(passwords: Readonly<Record<string, string>>): string {
  return Object.keys(passwords)
    .sort()
    .map((user) => `${quoteUser(user)} ${quoteUser(passwords[user]!)}\n`)
    .join("");
}

function quoteUser(text: string): string {
  if (/[\n\r\0]/.test(text)) {
    throw new Error(
      "userlist: a name or password holds a line break or zero byte (value not shown); use printable characters",
    );
  }
  return `"${text.replaceAll('"', '""')}"`;
}
