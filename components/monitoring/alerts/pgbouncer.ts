import { equal, select } from "../metrics/select.ts";
import { level, steady, together, tailSeconds } from "./cases.ts";
import { downCases, outlastingSeconds } from "./outlasting.ts";
import { defineAlert, type Alert, type Cause } from "./define-alert.ts";
import { byService } from "./by-service.ts";
import { showThreshold } from "./threshold.ts";

const pgbouncer = { service: "pgbouncer", component: "database" } as const;
const pool = { ...pgbouncer, database: equal("fleet"), user: equal("scene_a") };

/** Behind a database that does not answer every queue grows. */
const poolerCauses: readonly Cause[] = [
  { alert: "PgbouncerDown", scope: "service" },
  { alert: "ExporterDown", scope: "service" },
  { alert: "PostgresDown", scope: "fleet" },
];

/** As early as PostgresDown, and for the same reason. */
const down = defineAlert({
  name: "PgbouncerDown",
  group: "database",
  severity: "critical",
  forSeconds: 30,
  keepFiringSeconds: outlastingSeconds,
  thresholds: {},
  expr: () => `max ${byService} (${select("pgbouncer_up")}) == 0`,
  summary: "PgBouncer is down",
  description: (_t, { forSeconds }) =>
    `PgBouncer has not answered its exporter for ${showThreshold("seconds", forSeconds)}; servers reach the database only through it.`,
  runbook: {
    meaning: "The exporter runs, but PgBouncer's console refuses or does not answer.",
    impact: "No server reaches the database.",
    diagnosis: [
      "`docker logs --tail 50 <pgbouncer>`.",
      "`docker exec <pgbouncer> pgbouncer-ctl health`.",
    ],
    mitigation: [
      "`docker restart <pgbouncer>`; connections of servers come back by themselves.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  tests: (_t, { forSeconds }) =>
    downCases({
      forSeconds,
      series: select("pgbouncer_up", pgbouncer),
      goodIs: "it answers",
      firing: { labels: pgbouncer },
    }),
});

const saturationRunbook = {
  meaning: "Servers ask for more connections than the pools have, so calls queue in PgBouncer.",
  impact: "Calls wait; after `pgbouncer.queryWaitTimeoutSeconds` they fail.",
  diagnosis: [
    "Which login? `pgbouncer_pools_client_waiting_connections` by `user`.",
    "Slow statements hold connections: look at PostgresLongTransaction and at the latency of statements.",
  ],
  mitigation: [
    "End the statement that holds the connections.",
    "Real load: raise `pgbouncer.defaultPoolSize` and `pgbouncer.maxDbConnections`, within PostgreSQL's limit.",
  ],
};

const waiting = defineAlert({
  name: "PoolSaturated",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    clients: { unit: "count", default: 20, min: 0, what: "Clients that wait for a connection." },
  },
  expr: (t) =>
    `sum ${byService} (${select("pgbouncer_pools_client_waiting_connections")}) > ${t.clients}`,
  summary: "Calls wait for database connections",
  description: (t) =>
    `{{ $value | humanize }} clients of PgBouncer wait for a connection; up to ${t.clients} are tolerated.`,
  runbook: saturationRunbook,
  causes: poolerCauses,
  tests: (t, { forSeconds }) => {
    const name = (user: string) =>
      select("pgbouncer_pools_client_waiting_connections", { ...pool, user });
    const series = (value: number) => ({
      [name("scene_a")]: steady(value / 2, forSeconds + tailSeconds),
      [name("review_a")]: steady(value / 2, forSeconds + tailSeconds),
    });
    const over = t.clients * 1.05 + 0.5;
    return level({
      forSeconds,
      bad: series(over),
      good: series(t.clients),
      firing: { labels: pgbouncer, value: over },
    });
  },
});

const maxwait = defineAlert({
  name: "PgbouncerMaxwait",
  group: "database",
  severity: "warning",
  forSeconds: 60,
  // PgBouncer gives up after queryWaitTimeoutSeconds (15 unless set): nobody waits longer than that.
  thresholds: {
    wait: { unit: "seconds", default: 5, min: 0.1, what: "Wait of the first client in the queue." },
  },
  expr: (t) =>
    `max by (service, component, database, user) (${select("pgbouncer_pools_client_maxwait_seconds")}) > ${t.wait}`,
  summary: "{{ $labels.user }} waits long for database connections",
  description: (t) =>
    `The first client of {{ $labels.user }} in the queue has waited {{ $value | humanizeDuration }}; ${showThreshold("seconds", t.wait)} is the limit.`,
  runbook: saturationRunbook,
  causes: [...poolerCauses, { alert: "PoolSaturated", scope: "service" }],
  tests: (t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("pgbouncer_pools_client_maxwait_seconds", pool)]: steady(
        value,
        forSeconds + tailSeconds,
      ),
    });
    const over = t.wait * 1.05;
    return level({
      forSeconds,
      bad: series(over),
      good: series(t.wait),
      firing: { labels: { ...pgbouncer, database: "fleet", user: "scene_a" }, value: over },
    });
  },
});

const poolFull = defineAlert({
  name: "PgbouncerPoolFull",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.9,
      min: 0.01,
      max: 1.5,
      what: "Share of a pool's connections that are busy.",
    },
  },
  // Never per max_user_connections: its 0 means no limit.
  expr: (t) =>
    `max by (service, component, database, user) (${select("pgbouncer_pools_server_active_connections")} / on (service, component, database) group_left () (${select("pgbouncer_databases_pool_size")} > 0)) > ${t.ratio}`,
  summary: "The pool of {{ $labels.user }} is nearly used up",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the connections of {{ $labels.user }} are busy; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: saturationRunbook,
  causes: [...poolerCauses, { alert: "PoolSaturated", scope: "service" }],
  tests: (t, { forSeconds }) => {
    const size = select("pgbouncer_databases_pool_size", {
      ...pgbouncer,
      database: "fleet",
      name: "fleet",
    });
    const series = (share: number, connections = 1024) => ({
      [size]: steady(connections, forSeconds + tailSeconds),
      [select("pgbouncer_pools_server_active_connections", pool)]: steady(
        1024 * share,
        forSeconds + tailSeconds,
      ),
    });
    const over = t.ratio * 1.05;
    return together(
      level({
        forSeconds,
        bad: series(over),
        good: series(t.ratio),
        firing: { labels: { ...pgbouncer, database: "fleet", user: "scene_a" }, value: over },
      }),
      {
        quiet: [
          { name: "a pool without a size", series: series(1, 0), atSeconds: forSeconds + 600 },
        ],
      },
    );
  },
});

const serverConnections = defineAlert({
  name: "PgbouncerServerConnections",
  group: "database",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.9,
      min: 0.01,
      max: 1,
      what: "Share of the connections to PostgreSQL that all pools may have together.",
    },
  },
  expr: (t) =>
    `max by (service, component, database) (${select("pgbouncer_databases_current_connections")} / (${select("pgbouncer_databases_max_connections")} > 0)) > ${t.ratio}`,
  summary: "PgBouncer is close to its limit of connections to PostgreSQL",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the connections that all pools of {{ $labels.database }} may have are open; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: saturationRunbook,
  causes: poolerCauses,
  tests: (t, { forSeconds }) => {
    const entry = { ...pgbouncer, database: equal("fleet"), name: equal("fleet") };
    const series = (share: number, max: number) => ({
      [select("pgbouncer_databases_max_connections", entry)]: steady(max, forSeconds + tailSeconds),
      [select("pgbouncer_databases_current_connections", entry)]: steady(
        1024 * share,
        forSeconds + tailSeconds,
      ),
    });
    const over = Math.min(1, t.ratio * 1.05);
    return together(
      level({
        forSeconds,
        bad: series(over, 1024),
        good: series(t.ratio, 1024),
        firing: { labels: { ...pgbouncer, database: "fleet" }, value: over },
      }),
      { quiet: [{ name: "there is no limit", series: series(1, 0), atSeconds: forSeconds + 600 }] },
    );
  },
});

const clients = defineAlert({
  name: "PgbouncerClients",
  group: "database",
  severity: "warning",
  forSeconds: 120,
  thresholds: {
    ratio: {
      unit: "ratio",
      default: 0.8,
      min: 0.01,
      max: 1,
      what: "Share of the client connections that PgBouncer allows.",
    },
  },
  expr: (t) =>
    `max ${byService} (${select("pgbouncer_used_clients")} / ${select("pgbouncer_config_max_client_connections")}) > ${t.ratio}`,
  summary: "PgBouncer has few client connections left",
  description: (t) =>
    `{{ $value | humanizePercentage }} of PgBouncer's client connections are in use; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: {
    meaning: "Connections of servers to PgBouncer against `pgbouncer.maxClientConnections`.",
    impact: "At the limit servers cannot connect.",
    diagnosis: [
      "More servers, larger pools, or a release that runs both generations? Sum `mcp_database_pool_connections` by service.",
    ],
    mitigation: ["Raise `pgbouncer.maxClientConnections`, or lower `poolSize` of the servers."],
  },
  causes: poolerCauses,
  tests: (t, { forSeconds }) => {
    const series = (share: number) => ({
      [select("pgbouncer_config_max_client_connections", pgbouncer)]: steady(
        1024,
        forSeconds + tailSeconds,
      ),
      [select("pgbouncer_used_clients", pgbouncer)]: steady(1024 * share, forSeconds + tailSeconds),
    });
    const over = Math.min(1, t.ratio * 1.05);
    return level({
      forSeconds,
      bad: series(over),
      good: series(t.ratio),
      firing: { labels: pgbouncer, value: over },
    });
  },
});

export const pgbouncerAlerts: readonly Alert[] = [
  down,
  waiting,
  maxwait,
  poolFull,
  serverConnections,
  clients,
];
