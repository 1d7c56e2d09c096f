import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { RecentOperations } from "./recent.ts";

/** Buckets of the OpenTelemetry conventions for MCP. Seconds. */
export const OPERATION_BUCKETS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
] as const;

/** Statements are faster than calls: finer below 10 ms. Seconds. */
const QUERY_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15,
];

/** One answered MCP request; every label bounded before it comes here. */
export interface Operation {
  readonly method: string;
  readonly tool?: string | undefined;
  /** `tool_error`, a JSON-RPC error code or an HTTP status; absent after success. */
  readonly errorType?: string | undefined;
  readonly protocolVersion: string;
  readonly durationMs: number;
  readonly fault: boolean;
}

/** Values that are read at the moment of a scrape. */
export interface MetricSources {
  readonly activeSessions: () => number;
  readonly inFlightCalls: () => number;
  readonly databaseUp: () => boolean;
  readonly connections: () => { active: number; idle: number; waiting: number };
}

export interface MetricIdentity {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly environment: string;
  readonly domain: string;
  readonly faultActive: boolean;
}

/** Everything on `/metrics`, in a registry of its own; `service` is on every series. */
export class ServerMetrics {
  readonly registry = new Registry();
  readonly recent = new RecentOperations();
  readonly #operations: Histogram;
  readonly #sessions: Histogram;
  readonly #queries: Histogram;
  readonly #requests: Counter;
  readonly #errors: Counter;
  readonly #faults: Counter;
  readonly #rejected: Counter;

  constructor(identity: MetricIdentity, sources: MetricSources) {
    const { registry, recent } = this;
    const registers = [registry];
    registry.setDefaultLabels({ service: identity.name });
    collectDefaultMetrics({ register: registry });
    this.#operations = new Histogram({
      name: "mcp_server_operation_duration_seconds",
      help: "Duration of MCP requests as the server sees them, from arrival to answer.",
      labelNames: [
        "mcp_method_name",
        "gen_ai_tool_name",
        "error_type",
        "network_transport",
        "mcp_protocol_version",
      ],
      buckets: [...OPERATION_BUCKETS],
      registers,
    });
    this.#sessions = new Histogram({
      name: "mcp_server_session_duration_seconds",
      help: "Duration of MCP sessions (2025 revisions), from initialize to their end.",
      labelNames: ["network_transport", "mcp_protocol_version"],
      buckets: [...OPERATION_BUCKETS],
      registers,
    });
    this.#queries = new Histogram({
      name: "mcp_database_query_duration_seconds",
      help: "Duration of statements, the wait for a connection included.",
      labelNames: ["result"],
      buckets: QUERY_BUCKETS,
      registers,
    });
    this.#requests = new Counter({
      name: "mcp_requests_total",
      help: "MCP requests answered.",
      registers,
    });
    this.#errors = new Counter({
      name: "mcp_errors_total",
      help: "MCP requests answered with an error, results with isError included.",
      registers,
    });
    this.#faults = new Counter({
      name: "mcp_faults_total",
      help: "MCP requests that failed through no fault of the caller.",
      registers,
    });
    this.#rejected = new Counter({
      name: "mcp_sessions_rejected_total",
      help: "Sessions refused.",
      labelNames: ["reason"],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge("mcp_uptime_seconds", "Seconds since the process started.", () => process.uptime());
    gauge("mcp_active_sessions", "Open MCP sessions (2025 revisions).", sources.activeSessions);
    gauge("mcp_in_flight_calls", "MCP requests being worked on.", sources.inFlightCalls);
    gauge("mcp_database_up", "1 while the database answers the server's own probe.", () =>
      Number(sources.databaseUp()),
    );
    gauge("mcp_fault_active", "1 while a drill's FAULT is switched on.", () =>
      Number(identity.faultActive),
    );
    new Gauge({
      name: "mcp_request_duration_ms",
      help: "Quantiles over the last 1000 MCP requests. Milliseconds.",
      labelNames: ["quantile"],
      registers,
      collect() {
        const [p50, p95, p99] = recent.quantiles([0.5, 0.95, 0.99]);
        this.set({ quantile: "0.5" }, p50);
        this.set({ quantile: "0.95" }, p95);
        this.set({ quantile: "0.99" }, p99);
      },
    });
    new Gauge({
      name: "mcp_memory_usage_bytes",
      help: "Memory of this process: used (resident), heap_used, heap_total, external.",
      labelNames: ["type"],
      registers,
      collect() {
        const memory = process.memoryUsage();
        this.set({ type: "used" }, memory.rss);
        this.set({ type: "heap_used" }, memory.heapUsed);
        this.set({ type: "heap_total" }, memory.heapTotal);
        this.set({ type: "external" }, memory.external);
      },
    });
    new Gauge({
      name: "mcp_database_pool_connections",
      help: "Connections of the pool by state; waiting counts calls that wait for one.",
      labelNames: ["state"],
      registers,
      collect() {
        for (const [state, count] of Object.entries(sources.connections()))
          this.set({ state }, count);
      },
    });
    new Gauge({
      name: "mcp_server_info",
      help: "Always 1; the labels tell what runs.",
      labelNames: ["version", "release", "environment", "domain"],
      registers,
    }).set(
      {
        version: identity.version,
        release: identity.release,
        environment: identity.environment,
        domain: identity.domain,
      },
      1,
    );
    // A series that exists from the start shows its first increase; absent ones hide it.
    this.#requests.inc(0);
    this.#errors.inc(0);
    this.#faults.inc(0);
    for (const reason of ["limit", "draining"]) this.#rejected.inc({ reason }, 0);
  }

  operation(operation: Operation): void {
    const failed = operation.errorType !== undefined;
    this.recent.add({ durationMs: operation.durationMs, failed, fault: failed && operation.fault });
    this.#requests.inc();
    if (failed) this.#errors.inc();
    if (failed && operation.fault) this.#faults.inc();
    this.#operations.observe(
      {
        mcp_method_name: operation.method,
        gen_ai_tool_name: operation.tool ?? "",
        error_type: operation.errorType ?? "",
        network_transport: "tcp",
        mcp_protocol_version: operation.protocolVersion,
      },
      operation.durationMs / 1000,
    );
  }

  session(seconds: number, protocolVersion: string): void {
    this.#sessions.observe(
      { network_transport: "tcp", mcp_protocol_version: protocolVersion },
      seconds,
    );
  }

  sessionRejected(reason: "limit" | "draining"): void {
    this.#rejected.inc({ reason });
  }

  query(seconds: number, failed: boolean): void {
    this.#queries.observe({ result: failed ? "error" : "ok" }, seconds);
  }
}
