import { select } from "../metrics/select.ts";
import { byService } from "./by-service.ts";
import { burst, level, rateCases, steady, tailSeconds } from "./cases.ts";
import { defineAlert } from "./define-alert.ts";
import { database, firing, instance, postgres, postgresGone } from "./postgres-parts.ts";
import { countedCalls, ratioCases } from "./ratio-cases.ts";
import { type Growth, shareJudged } from "./share.ts";
import { showThreshold } from "./threshold.ts";

type Counter = "xact_commit" | "xact_rollback" | "blks_hit" | "blks_read";

/** Growth of a counter over 5 minutes, all databases together. */
const growthOf = (name: Counter) => (growth: Growth) =>
  `sum ${byService} (${growth}(${select(`pg_stat_database_${name}`)}[5m]))`;

const sumOf =
  (...[a, b]: readonly [ReturnType<typeof growthOf>, ReturnType<typeof growthOf>]) =>
  (growth: Growth) =>
    `(${a(growth)} + ${b(growth)})`;

export const rollbacks = defineAlert({
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
    const [commits, rollbacks] = [growthOf("xact_commit"), growthOf("xact_rollback")];
    return shareJudged({ ...t, part: rollbacks, whole: sumOf(commits, rollbacks), is: ">" });
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
      series: (phases) => {
        const { good, bad } = countedCalls(phases);
        return {
          [select("pg_stat_database_xact_commit", database)]: good,
          [select("pg_stat_database_xact_rollback", database)]: bad,
        };
      },
      firing: (value) => ({ labels: postgres, value }),
    }),
});

export const cacheHit = defineAlert({
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
    const [hits, reads] = [growthOf("blks_hit"), growthOf("blks_read")];
    return shareJudged({ ...t, part: hits, whole: sumOf(hits, reads), is: "<" });
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
      series: (phases) => {
        const { good, bad } = countedCalls(phases);
        return {
          [select("pg_stat_database_blks_hit", database)]: good,
          [select("pg_stat_database_blks_read", database)]: bad,
        };
      },
      firing: (bad) => ({ labels: postgres, value: 1 - bad }),
    }),
});

export const deadlocks = defineAlert({
  name: "PostgresDeadlocks",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: { rate: { unit: "perMinute", default: 5, min: 0.01, what: "Deadlocks." } },
  expr: (t) =>
    `60 * sum ${byService} (rate(${select("pg_stat_database_deadlocks")}[5m])) > ${t.rate}`,
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

export const longTransaction = defineAlert({
  name: "PostgresLongTransaction",
  group: "database",
  severity: "warning",
  forSeconds: 60,
  thresholds: {
    age: { unit: "seconds", default: 600, min: 1, what: "Age of the oldest open transaction." },
  },
  expr: (t) => `max ${byService} (${select("pg_stat_activity_max_tx_duration")}) > ${t.age}`,
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
      })]: steady(value, forSeconds + tailSeconds),
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

export const checkpoints = defineAlert({
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
    `sum ${byService} (increase(${select("pg_stat_checkpointer_num_requested_total")}[30m])) > ${t.checkpoints}`,
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
