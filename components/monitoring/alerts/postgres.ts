import { equal, select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { burst, level, rateCases, steady, together } from "./cases.ts";
import { defineAlert, type Alert, type AlertContext, type Cause } from "./define-alert.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { showThreshold } from "./threshold.ts";

const postgres = { service: "postgres", component: "database" } as const;
const firing = { labels: postgres };
const instance = { ...postgres, server: equal("db:5432") };
const database = { ...postgres, datid: equal("1"), datname: equal("fleet") };
const long = 7200;
const by = "by (service, component)";

/** Without PostgreSQL its other numbers stand still or are gone. */
const postgresGone: readonly Cause[] = [
  { alert: "PostgresDown", scope: "service" },
  { alert: "ExporterDown", scope: "service" },
];

const postgresDown = defineAlert({
  name: "PostgresDown",
  group: "database",
  severity: "critical",
  forSeconds: 60,
  thresholds: {},
  expr: () => `max ${by} (${select("pg_up")}) == 0`,
  summary: "PostgreSQL is down",
  description: (_t, { forSeconds }) =>
    `The exporter has not been able to connect to PostgreSQL for ${showThreshold("seconds", forSeconds)}.`,
  runbook: {
    meaning: "The exporter connects directly, not through PgBouncer, and gets no connection.",
    impact: "Every call that needs data fails, on all servers.",
    diagnosis: [
      "`docker logs --tail 50 <postgres>`: recovery after a crash, a full disk and damaged files all say so.",
      "`docker exec <postgres> postgres-ctl health`.",
      "`df -h` on the machine: a full disk stops PostgreSQL.",
    ],
    mitigation: [
      "Recovery: wait, it ends by itself.",
      "Full disk: make room, then `docker restart <postgres>`.",
      "Connections used up: see PostgresConnectionsExhausted.",
    ],
  },
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pg_up", postgres)]: steady(value, forSeconds + long),
    });
    return level({ forSeconds, bad: series(0), good: series(1), goodIs: "it answers", firing });
  },
});

const exporterDown = defineAlert({
  name: "ExporterDown",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {},
  expr: () => `max by (service, component) (${select("up", { component: "database" })}) == 0`,
  summary: "Nobody watches {{ $labels.service }}",
  description: (_t, { forSeconds }) =>
    `The exporter of {{ $labels.service }} has not answered for ${showThreshold("seconds", forSeconds)}: an outage of {{ $labels.service }} would go unnoticed.`,
  runbook: {
    meaning: "Prometheus cannot scrape the exporter. What it looks at may be well.",
    impact: "No alert about this part of the database can fire.",
    diagnosis: [
      "`docker logs --tail 20 <exporter>` and `docker inspect <exporter>`: a wrong password, or no memory.",
    ],
    mitigation: ["`docker restart <exporter>`, or `./fleet up`, which sets its password again."],
  },
  tests: (_t, { forSeconds }) => {
    const series = (value: number, labels: object = postgres) => ({
      [select("up", labels)]: steady(value, forSeconds + long),
    });
    return together(
      level({ forSeconds, bad: series(0), good: series(1), goodIs: "it answers", firing }),
      {
        quiet: [
          {
            name: "a server is no exporter",
            series: series(0, { service: "scene", component: "mcp-server" }),
            atSeconds: forSeconds + 600,
          },
        ],
      },
    );
  },
});

const connectionShare = (ratio: number) => {
  const setting = (
    name: "max_connections" | "superuser_reserved_connections" | "reserved_connections",
  ) => `max ${by} (${select(`pg_settings_${name}`)})`;
  return `sum ${by} (${select("pg_stat_activity_count")}) / (${setting("max_connections")} - ${setting("superuser_reserved_connections")} - ${setting("reserved_connections")}) > ${ratio}`;
};

function connectionTests(t: { ratio: number }, { forSeconds }: AlertContext): AlertTests {
  const count = (state: "active" | "idle", value: number) => ({
    [select("pg_stat_activity_count", { ...instance, datname: "fleet", state })]: steady(
      value,
      forSeconds + long,
    ),
  });
  // 1024 are left of 1034; shares of a power of two are exact.
  const series = (share: number) => ({
    [select("pg_settings_max_connections", instance)]: steady(1034, forSeconds + long),
    [select("pg_settings_superuser_reserved_connections", instance)]: steady(7, forSeconds + long),
    [select("pg_settings_reserved_connections", instance)]: steady(3, forSeconds + long),
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

const connectionsHigh = defineAlert({
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

const connectionsExhausted = defineAlert({
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

const rollbacks = defineAlert({
  name: "PostgresRollbacks",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.1,
      min: 0.001,
      what: "Share of transactions that are rolled back.",
    },
    minimum: {
      unit: "count",
      default: 100,
      min: 1,
      what: "Transactions within 5 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const of = (f: string, name: "commit" | "rollback") =>
      `sum ${by} (${f}(${select(`pg_stat_database_xact_${name}`)}[5m]))`;
    const all = (f: string) => `(${of(f, "commit")} + ${of(f, "rollback")})`;
    return `${of("rate", "rollback")} / ${all("rate")} > ${t.ratio} and ${all("increase")} >= ${t.minimum}`;
  },
  summary: "PostgreSQL rolls back many transactions",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the transactions are rolled back; up to ${showThreshold("ratio", t.ratio)} are usual.`,
  runbook: {
    meaning:
      "Transactions that ended with ROLLBACK: errors, broken constraints, time limits, or clients that changed their mind.",
    impact: "Work is lost and done again; calls fail.",
    diagnosis: [
      "PostgreSQL's log names the statements that failed.",
      "Began with a release? Then its migration or its queries.",
    ],
    mitigation: [
      "Roll back the release that brought them.",
      "A time limit: find the slow statement.",
    ],
  },
  causes: postgresGone,
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 300,
      threshold: t.ratio,
      minimumCalls: t.minimum,
      series: (phases) => ({
        [select("pg_stat_database_xact_commit", database)]: countedCalls(
          phases.map((phase) => ({ ...phase, bad: 1 - phase.bad })),
        ).bad,
        [select("pg_stat_database_xact_rollback", database)]: countedCalls(phases).bad,
      }),
      firing: (value) => ({ labels: postgres, value }),
    }),
});

const cacheHit = defineAlert({
  name: "PostgresCacheHit",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  fires: "below",
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.98,
      max: 0.9999,
      what: "Share of blocks that are found in PostgreSQL's cache.",
    },
    minimum: {
      unit: "count",
      default: 30_000,
      min: 1,
      what: "Blocks within 5 minutes below which a share says nothing.",
    },
  },
  expr: (t) => {
    const of = (f: string, name: "hit" | "read") =>
      `sum ${by} (${f}(${select(`pg_stat_database_blks_${name}`)}[5m]))`;
    const all = (f: string) => `(${of(f, "hit")} + ${of(f, "read")})`;
    return `${of("rate", "hit")} / ${all("rate")} < ${t.ratio} and ${all("increase")} >= ${t.minimum}`;
  },
  summary: "PostgreSQL reads much past its cache",
  description: (t) =>
    `Only {{ $value | humanizePercentage }} of the blocks are found in the cache; at least ${showThreshold("ratio", t.ratio)} should be.`,
  runbook: {
    meaning:
      "Blocks come from the operating system or the disk instead of PostgreSQL's own cache. Right after a start that is usual.",
    impact: "Statements are slower, the more the slower the disk.",
    diagnosis: [
      "Which table? `rate(pg_statio_user_tables_heap_blocks_read[5m])` by `relname`.",
      "Many `pg_stat_user_tables_seq_scan` on a large table: an index is missing.",
    ],
    mitigation: ["Add the index.", "Raise `postgres.sharedBuffers` and `postgres.memoryMb`."],
  },
  causes: postgresGone,
  tests: (t, context) =>
    ratioCases({
      ...context,
      windowSeconds: 300,
      threshold: 1 - t.ratio,
      minimumCalls: t.minimum,
      series: (phases) => ({
        [select("pg_stat_database_blks_hit", database)]: countedCalls(
          phases.map((phase) => ({ ...phase, bad: 1 - phase.bad })),
        ).bad,
        [select("pg_stat_database_blks_read", database)]: countedCalls(phases).bad,
      }),
      firing: (bad) => ({ labels: postgres, value: 1 - bad }),
    }),
});

const deadlocks = defineAlert({
  name: "PostgresDeadlocks",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: { rate: { unit: "perMinute", default: 5, min: 0.01, what: "Deadlocks." } },
  expr: (t) => `60 * sum ${by} (rate(${select("pg_stat_database_deadlocks")}[5m])) > ${t.rate}`,
  summary: "PostgreSQL resolves deadlocks",
  description: (t) => `{{ $value | humanize }} deadlocks a minute; up to ${t.rate} are tolerated.`,
  runbook: {
    meaning: "Two transactions wait for each other; PostgreSQL ends one of them.",
    impact: "The transaction that was ended fails, and its call with it.",
    diagnosis: ["PostgreSQL's log prints both statements of each deadlock."],
    mitigation: [
      "Make both take their locks in the same order.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  causes: postgresGone,
  tests: (t, { forSeconds }) =>
    rateCases({
      forSeconds,
      windowSeconds: 300,
      threshold: t.rate / 60,
      series: (values) => ({ [select("pg_stat_database_deadlocks", database)]: values }),
      firing: { labels: postgres, value: t.rate * 1.05 },
    }),
});

const longTransaction = defineAlert({
  name: "PostgresLongTransaction",
  group: "database",
  severity: "warning",
  forSeconds: 60,
  thresholds: {
    age: { unit: "seconds", default: 600, min: 1, what: "Age of the oldest open transaction." },
  },
  expr: (t) => `max ${by} (${select("pg_stat_activity_max_tx_duration")}) > ${t.age}`,
  summary: "A transaction is open for long",
  description: (t) =>
    `The oldest transaction is {{ $value | humanizeDuration }} old; ${showThreshold("seconds", t.age)} is the limit.`,
  runbook: {
    meaning: "A transaction began long ago and neither ended nor failed.",
    impact: "Its locks block others, and dead rows cannot be removed as long as it is open.",
    diagnosis: [
      "`SELECT pid, usename, application_name, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start NULLS LAST LIMIT 5`.",
    ],
    mitigation: [
      "A backup or an import: wait.",
      "A forgotten one: `SELECT pg_terminate_backend(<pid>)`.",
    ],
  },
  causes: postgresGone,
  tests: (t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pg_stat_activity_max_tx_duration", {
        ...instance,
        datname: "fleet",
        state: "active",
      })]: steady(value, forSeconds + long),
    });
    const over = t.age * 1.05;
    return level({
      forSeconds,
      bad: series(over),
      good: series(t.age),
      firing: { labels: postgres, value: over },
    });
  },
});

const checkpoints = defineAlert({
  name: "PostgresCheckpointsForced",
  group: "database",
  severity: "warning",
  forSeconds: 0,
  thresholds: {
    checkpoints: {
      unit: "count",
      default: 5,
      min: 0,
      what: "Checkpoints within 30 minutes that did not wait for the clock.",
    },
  },
  expr: (t) =>
    `sum ${by} (increase(${select("pg_stat_checkpointer_num_requested_total")}[30m])) > ${t.checkpoints}`,
  summary: "PostgreSQL writes checkpoints too often",
  description: (t) =>
    `More than ${t.checkpoints} checkpoints within 30 minutes came because there was too much log, not by the clock.`,
  runbook: {
    meaning: "So much was written that the log filled up before the next regular checkpoint.",
    impact: "More writing than needed; calls wait for the disk.",
    diagnosis: [
      "An import, a migration or a job that writes much? `rate(pg_stat_database_tup_inserted[5m])` and its like.",
    ],
    mitigation: ["It ends with the import.", "If it stays: raise PostgreSQL's `max_wal_size`."],
  },
  causes: postgresGone,
  tests: (t) =>
    burst({
      windowSeconds: 1800,
      threshold: t.checkpoints,
      series: (values) => ({
        [select("pg_stat_checkpointer_num_requested_total", postgres)]: values,
      }),
      firing: () => firing,
    }),
});

const exporterFailing = defineAlert({
  name: "PostgresExporterFailing",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {},
  expr: () =>
    `min by (service, component, collector) (${select("pg_scrape_collector_success")}) == 0`,
  summary: "Part of PostgreSQL's metrics is missing",
  description: () =>
    "The exporter's collector {{ $labels.collector }} fails: what it measures cannot raise an alert.",
  runbook: {
    meaning:
      "The exporter is connected, but one of its queries fails: a missing right, or another version of PostgreSQL.",
    impact: "Alerts and panels that need these numbers are blind.",
    diagnosis: ["`docker logs --tail 50 <postgres-exporter>` prints the query's error."],
    mitigation: [
      "`./fleet up` grants the exporter's role its rights again.",
      "After an upgrade of PostgreSQL: upgrade the exporter.",
    ],
  },
  causes: postgresGone,
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pg_scrape_collector_success", { ...postgres, collector: "wal" })]: steady(
        value,
        forSeconds + long,
      ),
      [select("pg_scrape_collector_success", { ...postgres, collector: "locks" })]: steady(
        1,
        forSeconds + long,
      ),
    });
    return level({
      forSeconds,
      bad: series(0),
      good: series(1),
      goodIs: "all work",
      firing: { labels: { ...postgres, collector: "wal" } },
    });
  },
});

const unsafe = defineAlert({
  name: "PostgresUnsafe",
  group: "database",
  severity: "critical",
  forSeconds: 60,
  thresholds: {},
  expr: () => `max ${by} (${select("pg_settings_fsync")}) == 0`,
  summary: "PostgreSQL may lose data in a crash",
  description: () =>
    "PostgreSQL runs with fsync off: after a crash of the machine its files may be damaged.",
  runbook: {
    meaning: "Somebody switched `fsync` off, past the fleet file, which refuses that.",
    impact: "None until the machine crashes. Then data may be lost beyond repair.",
    diagnosis: [
      "`SELECT name, setting, source, sourcefile FROM pg_settings WHERE name = 'fsync'`.",
    ],
    mitigation: ["`ALTER SYSTEM RESET fsync; SELECT pg_reload_conf();`, then `./fleet up`."],
  },
  causes: postgresGone,
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pg_settings_fsync", instance)]: steady(value, forSeconds + long),
    });
    return level({ forSeconds, bad: series(0), good: series(1), goodIs: "it is on", firing });
  },
});

export const postgresAlerts: readonly Alert[] = [
  postgresDown,
  exporterDown,
  connectionsHigh,
  connectionsExhausted,
  rollbacks,
  deadlocks,
  cacheHit,
  longTransaction,
  checkpoints,
  exporterFailing,
  unsafe,
];
