import type { RecentOperations } from "./recent.ts";
import type { DatabaseState } from "./database-probe.ts";
import { formatUptime } from "./uptime.ts";

type HealthStatus = "healthy" | "degraded" | "unhealthy";

/** Above this share of calls that failed by the server's own fault it is degraded. */
const DEGRADED_RATIO = 0.05;

/** Fewer recent calls than this say nothing about a share. */
const MIN_CALLS = 20;

export interface HealthInput {
  readonly server: string;
  readonly database: DatabaseState;
  /** Connections of the pool that run a statement now. */
  readonly activeConnections: number;
  readonly activeSessions: number;
  readonly uptimeSeconds: number;
  readonly recent: RecentOperations;
  readonly draining: boolean;
  /** `FAULT=unready`. */
  readonly forcedUnready: boolean;
  readonly now: Date;
}

/** The answer of `GET /health`. Durations and rates keep the units of the platform's contract. */
export interface HealthBody {
  readonly status: HealthStatus;
  readonly server: string;
  readonly database: {
    readonly healthy: boolean;
    readonly latency: string;
    readonly activeConnections: number;
  };
  readonly activeSessions: number;
  readonly timestamp: string;
  readonly uptime: { readonly seconds: number; readonly formatted: string };
  readonly metrics: {
    readonly requests: {
      readonly total: number;
      readonly errors: number;
      readonly errorRate: string;
    };
    readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number };
  };
}

function healthStatus(input: HealthInput): HealthStatus {
  if (!input.database.healthy || input.forcedUnready) return "unhealthy";
  const { recent } = input;
  const failing = recent.size >= MIN_CALLS && recent.faultRatio > DEGRADED_RATIO;
  return failing || input.draining ? "degraded" : "healthy";
}

export function buildHealth(input: HealthInput): HealthBody {
  const { database, recent } = input;
  const [p50, p95, p99] = recent.quantiles([0.5, 0.95, 0.99]);
  const errorRate = recent.total === 0 ? 0 : (100 * recent.errors) / recent.total;
  return {
    status: healthStatus(input),
    server: input.server,
    database: {
      healthy: database.healthy,
      latency: `${Math.round(database.latencyMs)}ms`,
      activeConnections: input.activeConnections,
    },
    activeSessions: input.activeSessions,
    timestamp: input.now.toISOString(),
    uptime: {
      seconds: Math.floor(input.uptimeSeconds),
      formatted: formatUptime(input.uptimeSeconds),
    },
    metrics: {
      requests: {
        total: recent.total,
        errors: recent.errors,
        errorRate: `${errorRate.toFixed(2)}%`,
      },
      latency: { p50, p95, p99 },
    },
  };
}

/** Why traffic should not come here now; empty when it should. */
export function unreadyReasons(
  input: Pick<HealthInput, "database" | "draining" | "forcedUnready">,
): string[] {
  return [
    ...(input.database.healthy ? [] : ["the database does not answer"]),
    ...(input.draining ? ["the server is draining"] : []),
    ...(input.forcedUnready ? ["FAULT=unready is set"] : []),
  ];
}
