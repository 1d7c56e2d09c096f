import { select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { byService } from "./by-service.ts";
import { level, steady, tailSeconds } from "./cases.ts";
import { type AlertContext, defineAlert } from "./define-alert.ts";
import { instance, postgres, postgresGone } from "./postgres-parts.ts";
import { showThreshold } from "./threshold.ts";

const connectionShare = (ratio: number) => {
  const setting = (
    name: "max_connections" | "superuser_reserved_connections" | "reserved_connections",
  ) => `max ${byService} (${select(`pg_settings_${name}`)})`;
  return `sum ${byService} (${select("pg_stat_activity_count")}) / (${setting("max_connections")} - ${setting("superuser_reserved_connections")} - ${setting("reserved_connections")}) > ${ratio}`;
};

function connectionTests(t: { ratio: number }, { forSeconds }: AlertContext): AlertTests {
  const count = (state: "active" | "idle", value: number) => ({
    [select("pg_stat_activity_count", { ...instance, datname: "fleet", state })]: steady(
      value,
      forSeconds + tailSeconds,
    ),
  });
  // 1024 are left of 1034; shares of a power of two are exact.
  const series = (share: number) => ({
    [select("pg_settings_max_connections", instance)]: steady(1034, forSeconds + tailSeconds),
    [select("pg_settings_superuser_reserved_connections", instance)]: steady(
      7,
      forSeconds + tailSeconds,
    ),
    [select("pg_settings_reserved_connections", instance)]: steady(3, forSeconds + tailSeconds),
    ...count("active", 512 * share),
    ...count("idle", 512 * share),
  });
  const over = t.ratio * 1.02;
  return level({
    forSeconds,
    bad: series(over),
    good: series(t.ratio),
    firing: { labels: postgres, value: over },
  });
}

const connectionsRunbook = {
  meaning: "Connections against those that PostgreSQL allows, less what is reserved.",
  impact:
    "At the limit new connections are refused: PgBouncer cannot grow its pools, and migrations and exporters fail.",
  diagnosis: [
    "Who holds them? `sum by (usename, application_name, state) (pg_stat_activity_count)`.",
    "Many `idle in transaction`: a client forgets to end its transactions.",
  ],
  mitigation: [
    "End what should not be there: `SELECT pg_terminate_backend(pid) ...`.",
    "Real need: raise `postgres.maxConnections` (a restart) or lower `pgbouncer.maxDbConnections`.",
  ],
};

export const connectionsHigh = defineAlert({
  name: "PostgresConnectionsHigh",
  group: "database",
  severity: "warning",
  forSeconds: 600,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.8,
      min: 0.01,
      max: 1,
      what: "Share of the connections that are allowed.",
    },
  },
  expr: (t) => connectionShare(t.ratio),
  summary: "PostgreSQL has few connections left",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the connections are in use; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: connectionsRunbook,
  causes: postgresGone,
  worse: "PostgresConnectionsExhausted",
  tests: connectionTests,
});

export const connectionsExhausted = defineAlert({
  name: "PostgresConnectionsExhausted",
  group: "database",
  severity: "critical",
  forSeconds: 60,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.97,
      min: 0.01,
      max: 1,
      what: "Share of the connections that are allowed.",
    },
  },
  expr: (t) => connectionShare(t.ratio),
  summary: "PostgreSQL has no connections left",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the connections are in use; beyond ${showThreshold("ratio", t.ratio)} new ones are refused.`,
  runbook: connectionsRunbook,
  causes: postgresGone,
  tests: connectionTests,
});
