import { counter, exporter, gauge } from "./definition.ts";

const proxy = { proxy: "any" } as const;
const server = { proxy: "any", server: "any" } as const;
const code = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"] as const;
const status = ["DOWN", "UP", "MAINT", "DRAIN", "NOLB"] as const;
const check = [
  "HANA",
  "SOCKERR",
  "L4OK",
  "L4TOUT",
  "L4CON",
  "L6OK",
  "L6TOUT",
  "L6RSP",
  "L7TOUT",
  "L7RSP",
  "L7OK",
  "L7OKC",
  "L7STS",
  "PROCERR",
  "PROCTOUT",
  "PROCOK",
] as const;
const onceChecked = "per server that is checked, after its first check";

/**
 * The gateway's native metrics. `proxy` is a frontend (`gateway_public`, `gateway_metrics`), an inner backend
 * (`gateway_*`) or the backend of a server, named after it; `server` is one container of it. Counters belong to one
 * worker process: a reload starts them at zero.
 */
export const haproxyMetrics = exporter({
  program: "HAProxy",
  version: "3.0",
  metrics: {
    haproxy_process_build_info: gauge("info", "Always 1; the label is the version.", {
      version: "any",
    }),
    haproxy_process_uptime_seconds: gauge("seconds", "Age of the worker: time since the reload."),
    haproxy_process_start_time_seconds: gauge("unixtime", "When the worker started."),
    haproxy_process_max_connections: gauge("count", "Connections that the process may have."),
    haproxy_process_current_connections: gauge("count", "Connections now."),
    haproxy_process_connections_total: counter("count", "Connections that were made."),
    haproxy_process_requests_total: counter("count", "Requests that came."),
    haproxy_process_max_fds: gauge("count", "File descriptors that the process may have."),
    haproxy_process_idle_time_percent: gauge("percent", "Share of a second that it had no work."),
    haproxy_process_pool_failures_total: counter("count", "Allocations of memory that failed."),
    haproxy_process_pool_allocated_bytes: gauge("bytes", "Memory that its pools hold."),
    haproxy_process_pool_used_bytes: gauge("bytes", "Memory of the pools that is in use."),
    haproxy_process_dropped_logs_total: counter("count", "Log lines that were lost."),
    haproxy_process_failed_resolutions: counter("count", "Names that were not found."),
    haproxy_process_jobs: gauge("count", "Connections and listeners of the worker."),
    haproxy_process_stopping: gauge("state", "1 while the worker only finishes its streams."),
    haproxy_process_nbthread: gauge("count", "Threads."),
    haproxy_process_bytes_out_total: counter("bytes", "Sent to clients and servers."),
    haproxy_process_recv_logs_total: counter("count", "Log lines received from others."),

    haproxy_frontend_status: gauge("state", "1 for the state that a frontend is in.", {
      proxy: "any",
      state: ["DOWN", "UP"],
    }),
    haproxy_frontend_current_sessions: gauge("count", "Connections of clients now.", proxy),
    haproxy_frontend_max_sessions: gauge("count", "Most connections at once so far.", proxy),
    haproxy_frontend_limit_sessions: gauge("count", "Connections that are allowed.", proxy),
    haproxy_frontend_connections_total: counter("count", "Connections of clients.", proxy),
    haproxy_frontend_sessions_total: counter("count", "Sessions of clients.", proxy),
    haproxy_frontend_http_requests_total: counter("count", "Requests of clients.", proxy),
    haproxy_frontend_http_responses_total: counter("count", "Answers to clients.", {
      proxy: "any",
      code,
    }),
    haproxy_frontend_bytes_in_total: counter("bytes", "Received from clients.", proxy),
    haproxy_frontend_bytes_out_total: counter("bytes", "Sent to clients.", proxy),
    haproxy_frontend_requests_denied_total: counter(
      "count",
      "Requests that a rule refused: token, origin, limit.",
      proxy,
    ),
    haproxy_frontend_request_errors_total: counter(
      "count",
      "Requests that could not be read.",
      proxy,
    ),
    haproxy_frontend_internal_errors_total: counter(
      "count",
      "Errors of the gateway itself.",
      proxy,
    ),
    haproxy_frontend_denied_connections_total: counter("count", "Connections refused.", proxy),

    haproxy_backend_status: gauge("state", "1 for the state that a backend is in.", {
      proxy: "any",
      state: ["DOWN", "UP"],
    }),
    haproxy_backend_agg_server_status: gauge("count", "Servers of a backend, by state.", {
      proxy: "any",
      state: status,
    }),
    haproxy_backend_active_servers: gauge("count", "Servers that take requests.", proxy),
    haproxy_backend_backup_servers: gauge("count", "Spare servers that could.", proxy),
    haproxy_backend_current_sessions: gauge("count", "Requests and streams now.", proxy),
    haproxy_backend_max_sessions: gauge("count", "Most at once so far.", proxy),
    haproxy_backend_limit_sessions: gauge("count", "Requests that are allowed at once.", proxy),
    haproxy_backend_current_queue: gauge("count", "Requests that wait for a server.", proxy),
    haproxy_backend_http_requests_total: counter("count", "Requests to servers.", proxy),
    haproxy_backend_http_responses_total: counter("count", "Answers, by class of status.", {
      proxy: "any",
      code,
    }),
    haproxy_backend_sessions_total: counter("count", "Sessions with servers.", proxy),
    haproxy_backend_bytes_in_total: counter("bytes", "Received for servers.", proxy),
    haproxy_backend_bytes_out_total: counter("bytes", "Sent by servers.", proxy),
    haproxy_backend_connection_attempts_total: counter("count", "Connections tried.", proxy),
    haproxy_backend_connection_errors_total: counter("count", "Connections that failed.", proxy),
    haproxy_backend_connection_reuses_total: counter("count", "Connections used again.", proxy),
    haproxy_backend_response_errors_total: counter("count", "Answers that broke off.", proxy),
    haproxy_backend_retry_warnings_total: counter("count", "Connections tried again.", proxy),
    haproxy_backend_redispatch_warnings_total: counter(
      "count",
      "Requests that went to another server after a connection failed.",
      proxy,
    ),
    haproxy_backend_requests_denied_total: counter("count", "Requests that were refused.", proxy),
    haproxy_backend_client_aborts_total: counter("count", "Requests that clients gave up.", proxy),
    haproxy_backend_server_aborts_total: counter("count", "Answers that servers gave up.", proxy),
    haproxy_backend_internal_errors_total: counter("count", "Errors of the gateway itself.", proxy),
    haproxy_backend_check_up_down_total: counter("count", "Times it went down.", proxy),
    haproxy_backend_check_last_change_seconds: gauge(
      "seconds",
      "Time since the last change.",
      proxy,
    ),
    haproxy_backend_downtime_seconds_total: counter("seconds", "Time without a server.", proxy),
    haproxy_backend_queue_time_average_seconds: gauge(
      "seconds",
      "Mean wait for a server, last 1024 requests.",
      proxy,
    ),
    haproxy_backend_connect_time_average_seconds: gauge(
      "seconds",
      "Mean time to connect, last 1024 requests.",
      proxy,
    ),
    haproxy_backend_response_time_average_seconds: gauge(
      "seconds",
      "Mean time to the first byte of an answer, last 1024 requests.",
      proxy,
    ),
    haproxy_backend_total_time_average_seconds: gauge(
      "seconds",
      "Mean time of a request, streams included, last 1024 requests.",
      proxy,
    ),

    haproxy_server_status: gauge("state", "1 for the state that a container is in.", {
      ...server,
      state: status,
    }),
    haproxy_server_check_status: gauge(
      "state",
      "1 for the result of the last check.",
      { ...server, state: check },
      onceChecked,
    ),
    haproxy_server_check_code: gauge(
      "count",
      "Status of the last check's answer.",
      server,
      onceChecked,
    ),
    haproxy_server_check_duration_seconds: gauge(
      "seconds",
      "Time of the last check.",
      server,
      onceChecked,
    ),
    haproxy_server_check_failures_total: counter("count", "Checks that failed.", server),
    haproxy_server_check_up_down_total: counter("count", "Times a container went down.", server),
    haproxy_server_check_last_change_seconds: gauge("seconds", "Time since a change.", server),
    haproxy_server_downtime_seconds_total: counter("seconds", "Time that it was down.", server),
    haproxy_server_weight: gauge("count", "Share of the traffic in force.", server),
    haproxy_server_uweight: gauge("count", "Share of the traffic as configured.", server),
    haproxy_server_active: gauge("state", "1 if it takes requests.", server),
    haproxy_server_backup: gauge("state", "1 if it is a spare.", server),
    haproxy_server_current_sessions: gauge("count", "Requests and streams now.", server),
    haproxy_server_current_queue: gauge("count", "Requests that wait for it.", server),
    haproxy_server_sessions_total: counter("count", "Requests and streams so far.", server),
    haproxy_server_http_responses_total: counter("count", "Answers, by class of status.", {
      ...server,
      code,
    }),
    haproxy_server_connection_errors_total: counter("count", "Connections that failed.", server),
    haproxy_server_response_errors_total: counter("count", "Answers that broke off.", server),
    haproxy_server_retry_warnings_total: counter("count", "Connections tried again.", server),
    haproxy_server_client_aborts_total: counter("count", "Requests that clients gave up.", server),
    haproxy_server_server_aborts_total: counter("count", "Answers that it gave up.", server),
    haproxy_server_bytes_in_total: counter("bytes", "Received for it.", server),
    haproxy_server_bytes_out_total: counter("bytes", "Sent by it.", server),
    haproxy_server_response_time_average_seconds: gauge(
      "seconds",
      "Mean time to the first byte, last 1024 requests.",
      server,
    ),
    haproxy_server_total_time_average_seconds: gauge(
      "seconds",
      "Mean time of a request, streams included, last 1024 requests.",
      server,
    ),

    haproxy_sticktable_size: gauge("count", "Entries that a table of the gateway can hold.", {
      name: "any",
      type: "any",
    }),
    haproxy_sticktable_used: gauge("count", "Entries in use.", { name: "any", type: "any" }),
  },
  unlisted: [
    { pattern: /^haproxy_resolver_/, why: "answers of name servers; failures show on the servers" },
    { pattern: /_http_(comp|cache)_|_ssl_|_zlib_|_pipes_|spliced/, why: "not in use" },
    {
      pattern: /^haproxy_(process|frontend|backend|server)_/,
      why: "settings, highest values and averages beyond what is listed",
    },
  ],
});
