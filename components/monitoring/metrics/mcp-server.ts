import { counter, exporter, gauge, histogram } from "./definition.ts";

/** Bounds of the histogram of MCP requests, the last one apart. Seconds. */
export const operationBuckets = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
] as const;

const afterFirst = (what: string) => `after the first ${what}: the labels are not known before`;

/** Protocol revisions; `other` is whatever a client made up. */
const versions = [
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
  "2026-07-28",
  "other",
] as const;

/** Our reference server (`servers/`). */
export const mcpServerMetrics = exporter({
  program: "mcp-fleet MCP server",
  version: "0.1",
  metrics: {
    mcp_server_operation_duration_seconds: histogram(
      "seconds",
      "Time from the arrival of an MCP request to its answer.",
      {
        mcp_method_name: "any",
        gen_ai_tool_name: "any",
        error_type: "any",
        network_transport: ["tcp"],
        mcp_protocol_version: versions,
      },
      afterFirst("MCP request of its kind"),
    ),
    mcp_server_session_duration_seconds: histogram(
      "seconds",
      "Length of 2025 sessions, from initialize to their end.",
      { network_transport: ["tcp"], mcp_protocol_version: versions },
      afterFirst("session that ended"),
    ),
    mcp_database_query_duration_seconds: histogram(
      "seconds",
      "Time of a statement, its wait for a connection included.",
      { result: ["ok", "error"] },
      afterFirst("statement with this result"),
    ),
    mcp_requests_total: counter("count", "MCP requests that were answered."),
    mcp_errors_total: counter("count", "MCP requests that were answered with an error."),
    mcp_faults_total: counter(
      "count",
      "MCP requests that failed through no fault of the caller: time limits, the database, the server itself.",
    ),
    mcp_sessions_rejected_total: counter("count", "Sessions that were refused.", {
      reason: ["limit", "draining"],
    }),
    mcp_uptime_seconds: gauge("seconds", "Age of the process."),
    mcp_active_sessions: gauge("count", "Open 2025 sessions."),
    mcp_in_flight_calls: gauge("count", "MCP requests that are being worked on."),
    mcp_database_up: gauge("state", "1 while the database answers the server's own probe."),
    mcp_fault_active: gauge("state", "1 while a drill's fault is switched on."),
    mcp_request_duration_ms: gauge(
      "milliseconds",
      "Quantiles over the last 1000 requests of one process; they cannot be added up.",
      { quantile: ["0.5", "0.95", "0.99"] },
    ),
    mcp_memory_usage_bytes: gauge("bytes", "Memory of the process, by kind; used is resident.", {
      type: ["used", "heap_used", "heap_total", "external"],
    }),
    mcp_database_pool_connections: gauge(
      "count",
      "Connections of the server's pool, and calls that wait for one.",
      { state: ["active", "idle", "waiting"] },
    ),
    mcp_server_info: gauge("info", "Always 1; the labels say what runs.", {
      version: "any",
      release: "any",
      environment: "any",
      domain: "any",
    }),
    nodejs_eventloop_lag_seconds: gauge("seconds", "Delay of the event loop when it was asked."),
    nodejs_eventloop_lag_mean_seconds: gauge("seconds", "Mean delay of the event loop."),
    nodejs_eventloop_lag_p50_seconds: gauge("seconds", "Median delay of the event loop."),
    nodejs_eventloop_lag_p90_seconds: gauge("seconds", "90th percentile of the loop's delay."),
    nodejs_eventloop_lag_p99_seconds: gauge("seconds", "99th percentile of the loop's delay."),
    nodejs_eventloop_lag_max_seconds: gauge("seconds", "Longest delay of the event loop."),
    nodejs_heap_size_total_bytes: gauge("bytes", "Heap that V8 has reserved."),
    nodejs_heap_size_used_bytes: gauge("bytes", "Heap that is in use."),
    nodejs_external_memory_bytes: gauge("bytes", "Memory outside of the heap that V8 manages."),
    nodejs_active_handles_total: gauge("count", "Open sockets, timers and other handles."),
    nodejs_gc_duration_seconds: histogram(
      "seconds",
      "Pauses by garbage collection.",
      { kind: ["major", "minor", "incremental", "weakcb"] },
      afterFirst("collection of its kind"),
    ),
    nodejs_version_info: gauge("info", "Always 1; the labels are Node's version.", {
      version: "any",
      major: "any",
      minor: "any",
      patch: "any",
    }),
  },
  unlisted: [
    {
      pattern: /^nodejs_(active_(resources|handles|requests)|heap_space_|eventloop_lag_)/,
      why: "finer than anything here looks at",
    },
    {
      pattern: /^process_(cpu_(user|system)_seconds_total|heap_bytes)$/,
      why: "parts of process metrics that are listed",
    },
  ],
});
