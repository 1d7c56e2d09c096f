import { equal, not, select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { burst, evaluationAt, level, lasting, steady, together } from "./cases.ts";
import { defineAlert, type Alert, type AlertContext, type Cause } from "./define-alert.ts";
import { countedCalls, ratioCases, type Phase } from "./ratio-cases.ts";
import { showThreshold, type Threshold } from "./threshold.ts";

/** What test series are about. */
export const scene = { service: "scene", component: "mcp-server" } as const;
const review = { service: "review", component: "mcp-server" } as const;

/** What explains trouble of a server. */
export const serverCauses: readonly Cause[] = [
  { alert: "ServiceDown", scope: "service" },
  { alert: "PostgresDown", scope: "fleet" },
  { alert: "PgbouncerDown", scope: "fleet" },
];
const databaseCauses: readonly Cause[] = [
  ...serverCauses,
  { alert: "DatabaseConnectionFailure", scope: "service" },
];

export const minimumCalls: Threshold = {
  unit: "count",
  default: 20,
  min: 1,
  what: "Calls within 5 minutes below which a share says nothing.",
};
const windowSeconds = 300;
const perServer = "sum by (service, component)";
const enoughCalls = (least: number) =>
  `${perServer} (increase(${select("mcp_requests_total")}[5m])) >= ${least}`;

/** Figures: writing-servers guide, section 7. By service: while a release replaces a server, one answering is enough. */
const serviceDown = defineAlert({
  name: "ServiceDown",
  group: "servers",
  severity: "critical",
  forSeconds: 120,
  thresholds: {},
  expr: () => `max by (service, component) (${select("up", { component: "mcp-server" })}) == 0`,
  summary: "{{ $labels.service }} is down",
  description: (_t, { forSeconds }) =>
    `No instance of {{ $labels.service }} answered Prometheus for ${showThreshold("seconds", forSeconds)}.`,
  runbook: {
    meaning:
      "Prometheus could reach no container of this server. While a release replaces a server, one that answers is enough.",
    impact: "Calls to this server fail with 503 at the gateway; the other servers go on.",
    diagnosis: [
      "Ask `./fleet status` and `./fleet health`: is the container missing, restarting or unhealthy?",
      "Read its last log lines: `docker logs --tail 50 <container>`. Exit code 137 means that it exceeded its memory.",
      "Did it begin with a release? `./fleet history` tells.",
    ],
    mitigation: [
      "Began with a release: `./fleet rollback`.",
      "Out of memory: raise `servers.<name>.memoryMb` and run `./fleet up`.",
      "The container is gone: `./fleet up` makes it again.",
    ],
  },
  tests: (_t, { forSeconds }) => {
    const up = (labels: object, instance: string) =>
      select("up", { ...labels, job: equal("x"), instance: equal(instance) });
    const long = forSeconds + 900;
    return together(
      lasting({
        forSeconds,
        bad: { [up(scene, "a")]: steady(0, long), [up(review, "b")]: steady(1, long) },
        firing: { labels: scene },
      }),
      {
        quiet: [
          {
            name: "a release: the new instance answers, the old one is gone",
            series: { [up(scene, "a")]: steady(0, long), [up(scene, "b")]: steady(1, long) },
            atSeconds: forSeconds + 600,
          },
          {
            name: "it answered in between",
            series: { [up(scene, "a")]: `${steady(0, 60)} 1 ${steady(0, forSeconds)}` },
            atSeconds: 60 + forSeconds,
          },
          {
            name: "the gateway's own alert speaks for the gateway",
            series: {
              [up({ service: "gateway", component: "gateway" }, "a")]: steady(0, long),
            },
            atSeconds: forSeconds + 600,
          },
        ],
      },
    );
  },
});

const databaseConnectionFailure = defineAlert({
  name: "DatabaseConnectionFailure",
  group: "servers",
  severity: "critical",
  forSeconds: 60,
  thresholds: {},
  expr: () => `max by (service, component) (${select("mcp_database_up")}) == 0`,
  summary: "{{ $labels.service }} cannot reach the database",
  description: () =>
    "The probe that {{ $labels.service }} sends through PgBouncer fails, although the server itself runs.",
  runbook: {
    meaning:
      "The server asks the database a trivial question every few seconds, the way calls go: through PgBouncer. It gets no answer.",
    impact: "Calls that need data fail. Health and tool lists may still look well.",
    diagnosis: [
      "All servers or one? All: look at PgBouncer and PostgreSQL. One: its login or its pool.",
      "Read the server's log for the database's own words: wrong password, too many connections, timeout.",
      "Ask PgBouncer: `docker exec <pgbouncer> pgbouncer-ctl health`.",
    ],
    mitigation: [
      "Restart the part that does not answer.",
      "One login refused: `./fleet up` sets its password again.",
    ],
  },
  causes: serverCauses,
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("mcp_database_up", { ...scene, instance: equal("a") })]: steady(value, 3600),
    });
    return level({
      forSeconds,
      bad: series(0),
      good: series(1),
      goodIs: "it can",
      firing: { labels: scene },
    });
  },
});

const errorRatio = (least: number, ratio: number) =>
  `${perServer} (rate(${select("mcp_errors_total")}[5m])) / ${perServer} (rate(${select("mcp_requests_total")}[5m])) > ${ratio} and ${enoughCalls(least)}`;

function errorTests(t: { ratio: number; minimumCalls: number }, c: AlertContext): AlertTests {
  return ratioCases({
    ...c,
    windowSeconds,
    threshold: t.ratio,
    minimumCalls: t.minimumCalls,
    series: (phases) => {
      const { total, bad } = countedCalls(phases);
      return {
        [select("mcp_requests_total", { ...scene, instance: equal("a") })]: total,
        [select("mcp_errors_total", { ...scene, instance: equal("a") })]: bad,
      };
    },
    firing: (value) => ({ labels: scene, value }),
  });
}

const errorRunbook = {
  meaning:
    "Too many answers of this server are errors: JSON-RPC errors and tool results with `isError`, over 5 minutes.",
  impact: "Clients see failed calls. Above the critical share a running release is rolled back.",
  diagnosis: [
    'Which kind? `sum by (error_type, gen_ai_tool_name) (rate(mcp_server_operation_duration_seconds_count{service="<server>", error_type!=""}[5m]))`.',
    "`tool_error` alone, one tool, one client: the client may ask for something impossible. Several tools: the server or its database.",
    "Compare with `./fleet history`: did it begin with a release?",
  ],
  mitigation: [
    "Began with a release: `./fleet rollback`.",
    "Database trouble shows in its own alerts: follow those first.",
  ],
};

const highErrorRate = defineAlert({
  name: "HighErrorRate",
  group: "servers",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.05, min: 0.0001, what: "Share of calls that fail." },
    minimumCalls,
  },
  expr: (t) => errorRatio(t.minimumCalls, t.ratio),
  summary: "{{ $labels.service }} fails calls",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} failed; up to ${showThreshold("ratio", t.ratio)} are tolerated.`,
  runbook: errorRunbook,
  causes: databaseCauses,
  worse: "CriticalErrorRate",
  tests: errorTests,
});

const criticalErrorRate = defineAlert({
  name: "CriticalErrorRate",
  group: "servers",
  severity: "critical",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.1, min: 0.0001, what: "Share of calls that fail." },
    minimumCalls,
  },
  expr: (t) => errorRatio(t.minimumCalls, t.ratio),
  summary: "{{ $labels.service }} fails many calls",
  description: (t) =>
    `{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} failed; ${showThreshold("ratio", t.ratio)} is the limit at which a release is rolled back.`,
  runbook: errorRunbook,
  causes: databaseCauses,
  tests: errorTests,
});

const toolCalls = select("mcp_server_operation_duration_seconds_count", {
  mcp_method_name: "tools/call",
});
const successRatio = (t: { ratio: number; minimumCalls: number }) =>
  // A server whose calls all fail has no series of good ones: failed ones are counted, and taken from 1.
  `1 - ${perServer} (rate(${failedToolCalls}[5m])) / ${perServer} (rate(${toolCalls}[5m])) < ${t.ratio} and ${perServer} (increase(${toolCalls}[5m])) >= ${t.minimumCalls}`;
const failedToolCalls = select("mcp_server_operation_duration_seconds_count", {
  mcp_method_name: "tools/call",
  error_type: not(""),
});

function successTests(t: { ratio: number; minimumCalls: number }, c: AlertContext): AlertTests {
  return ratioCases({
    ...c,
    windowSeconds,
    threshold: 1 - t.ratio,
    minimumCalls: t.minimumCalls,
    series: (phases) => {
      const good = phases.map((phase): Phase => ({ ...phase, bad: 1 - phase.bad }));
      const labels = { ...scene, mcp_method_name: "tools/call" };
      const name = "mcp_server_operation_duration_seconds_count";
      return {
        [select(name, { ...labels, gen_ai_tool_name: "list" })]: countedCalls(good).bad,
        [select(name, { ...labels, gen_ai_tool_name: "list", error_type: "tool_error" })]:
          countedCalls(phases).bad,
        // Other methods do not count, however they end.
        [select(name, { ...scene, mcp_method_name: "ping", error_type: "-32603" })]: countedCalls(
          phases.map((phase) => ({ ...phase, bad: 1 })),
        ).bad,
      };
    },
    firing: (bad) => ({ labels: scene, value: 1 - bad }),
  });
}

const successRunbook = {
  meaning:
    "Too few tool calls of this server succeed, over 5 minutes. Other MCP methods do not count.",
  impact: "Agents that use these tools cannot finish their work.",
  diagnosis: [
    'Which tool? `sum by (gen_ai_tool_name) (rate(mcp_server_operation_duration_seconds_count{service="<server>", error_type!=""}[5m]))`.',
    "Read the server's log of failed calls; each names its request id, which the client was told.",
  ],
  mitigation: [
    "A tool that a release broke: `./fleet rollback`.",
    "A client that repeats a bad call: talk to its owner, or lower `gateway.rateLimit`.",
  ],
};

const lowToolSuccess = defineAlert({
  name: "LowToolSuccess",
  group: "servers",
  severity: "warning",
  forSeconds: 120,
  thresholds: {
    ratio: { unit: "ratio", default: 0.95, max: 0.9999, what: "Share of tool calls that succeed." },
    minimumCalls,
  },
  expr: successRatio,
  summary: "Tools of {{ $labels.service }} fail",
  description: (t) =>
    `Only {{ $value | humanizePercentage }} of the tool calls to {{ $labels.service }} succeed; at least ${showThreshold("ratio", t.ratio)} should.`,
  runbook: successRunbook,
  causes: databaseCauses,
  worse: "CriticalToolSuccess",
  fires: "below",
  tests: successTests,
});

const criticalToolSuccess = defineAlert({
  name: "CriticalToolSuccess",
  group: "servers",
  severity: "critical",
  forSeconds: 60,
  thresholds: {
    ratio: { unit: "ratio", default: 0.9, max: 0.9999, what: "Share of tool calls that succeed." },
    minimumCalls,
  },
  expr: successRatio,
  summary: "Many tool calls to {{ $labels.service }} fail",
  description: (t) =>
    `Only {{ $value | humanizePercentage }} of the tool calls to {{ $labels.service }} succeed; below ${showThreshold("ratio", t.ratio)} agents cannot work.`,
  runbook: successRunbook,
  causes: databaseCauses,
  fires: "below",
  tests: successTests,
});

const concurrency = (calls: number) =>
  `${perServer} (max_over_time(${select("mcp_in_flight_calls")}[1m])) > ${calls}`;

function concurrencyTests(t: { calls: number }, { forSeconds }: AlertContext): AlertTests {
  const first = select("mcp_in_flight_calls", { ...scene, instance: equal("a") });
  const second = select("mcp_in_flight_calls", { ...scene, instance: equal("b") });
  const series = (value: number) => ({
    [first]: steady(value / 2, 3600),
    [second]: steady(value / 2, 3600),
  });
  const peaks = `${`${t.calls * 2} ${`0 `.repeat(3)}`.repeat(120)}`.trim();
  const rare = `${`${t.calls * 2} ${`0 `.repeat(7)}`.repeat(60)}`.trim();
  return together(
    level({
      forSeconds,
      bad: series(t.calls * 1.05),
      good: series(t.calls),
      firing: { labels: scene, value: t.calls * 1.05 },
    }),
    {
      fires: [
        {
          name: "a peak every minute",
          series: { [first]: peaks },
          atSeconds: 120 + forSeconds,
          firing: [{ labels: scene, value: t.calls * 2 }],
        },
      ],
      quiet: [
        {
          name: "a peak every two minutes",
          series: { [first]: rare },
          atSeconds: 120 + forSeconds + 105,
        },
      ],
    },
  );
}

const concurrencyRunbook = {
  meaning:
    "Requests that the server works on at the same time, the highest of each minute, all its containers together.",
  impact: "Calls wait for each other and for connections of the pool; latency follows.",
  diagnosis: [
    "More clients or slower calls? Compare the request rate with the latency.",
    '`mcp_database_pool_connections{state="waiting"}` above 0: the pool is the bottleneck.',
    "One client in a loop? The gateway's access log names the client of each call.",
  ],
  mitigation: [
    "Slow calls: find the slow tool or statement.",
    "A client in a loop: lower `gateway.maxConcurrentPerClient`.",
    "Real growth: raise `servers.<name>.poolSize`, `cpus` or this threshold.",
  ],
};

const highConcurrency = defineAlert({
  name: "HighConcurrency",
  group: "servers",
  severity: "warning",
  forSeconds: 120,
  thresholds: { calls: { unit: "count", default: 30, min: 1, what: "Requests at the same time." } },
  expr: (t) => concurrency(t.calls),
  summary: "{{ $labels.service }} works on many requests at once",
  description: (t) =>
    `{{ $labels.service }} works on {{ $value | humanize }} requests at once; up to ${t.calls} are usual.`,
  runbook: concurrencyRunbook,
  causes: serverCauses,
  worse: "CriticalConcurrency",
  tests: concurrencyTests,
});

const criticalConcurrency = defineAlert({
  name: "CriticalConcurrency",
  group: "servers",
  severity: "critical",
  forSeconds: 120,
  thresholds: { calls: { unit: "count", default: 50, min: 1, what: "Requests at the same time." } },
  expr: (t) => concurrency(t.calls),
  summary: "{{ $labels.service }} works on far too many requests at once",
  description: (t) =>
    `{{ $labels.service }} works on {{ $value | humanize }} requests at once; ${t.calls} is the limit.`,
  runbook: concurrencyRunbook,
  causes: serverCauses,
  tests: concurrencyTests,
});

const sessionsRejected = defineAlert({
  name: "SessionsRejected",
  group: "servers",
  severity: "warning",
  forSeconds: 0,
  thresholds: {
    sessions: { unit: "count", default: 5, min: 0, what: "Refused sessions within 10 minutes." },
  },
  expr: (t) =>
    `${perServer} (increase(${select("mcp_sessions_rejected_total", { reason: "limit" })}[10m])) > ${t.sessions}`,
  summary: "{{ $labels.service }} refuses sessions",
  description: (t) =>
    `{{ $labels.service }} has as many sessions as it may and refused more than ${t.sessions} within 10 minutes.`,
  runbook: {
    meaning: "The server holds `sessionMax` open 2025 sessions and refuses new ones.",
    impact: "New clients of the 2025 protocol cannot connect; those that are connected go on.",
    diagnosis: [
      "`mcp_active_sessions` over time: steady growth means that clients do not end their sessions.",
      "The gateway's access log names the client that opens them.",
    ],
    mitigation: [
      "Shorten `sessionIdleSeconds`, so that abandoned sessions end sooner.",
      "Raise `sessionMax` if the clients are real; each session takes memory.",
    ],
  },
  causes: serverCauses,
  tests: (t) => {
    const series = (reason: "limit" | "draining") => (values: string) => ({
      [select("mcp_sessions_rejected_total", { ...scene, reason })]: values,
    });
    const cases = { windowSeconds: 600, threshold: t.sessions, firing: () => ({ labels: scene }) };
    const [drained] = burst({ ...cases, series: series("draining") }).fires;
    return together(burst({ ...cases, series: series("limit") }), {
      quiet: [
        {
          name: "a server that drains refuses for another reason",
          series: drained.series,
          atSeconds: drained.atSeconds,
        },
      ],
    });
  },
});

const faultActive = defineAlert({
  name: "FaultActive",
  group: "servers",
  severity: "warning",
  forSeconds: 900,
  thresholds: {},
  expr: () => `max by (service, component) (${select("mcp_fault_active")}) == 1`,
  summary: "{{ $labels.service }} runs with a drill's fault",
  description: (_t, { forSeconds }) =>
    `FAULT has been set on {{ $labels.service }} for ${showThreshold("seconds", forSeconds)}: it fails on purpose.`,
  runbook: {
    meaning:
      "The environment variable `FAULT` makes the server misbehave for a drill, and was not removed.",
    impact: "Whatever the fault does to calls. Nothing of it is an error of the server.",
    diagnosis: ["The server's first log line says which fault is on."],
    mitigation: ["Remove `FAULT` from the server's `env` and run `./fleet up`."],
  },
  tests: (_t, { forSeconds }) => {
    const series = (value: number) => ({
      [select("mcp_fault_active", { ...scene, instance: equal("a") })]: steady(
        value,
        forSeconds + 3600,
      ),
    });
    return level({
      forSeconds,
      bad: series(1),
      good: series(0),
      goodIs: "no fault",
      firing: { labels: scene },
    });
  },
});

const serviceRestarting = defineAlert({
  name: "ServiceRestarting",
  group: "servers",
  severity: "warning",
  forSeconds: 0,
  thresholds: {
    restarts: { unit: "count", default: 2, min: 0, what: "Restarts within 15 minutes." },
  },
  expr: (t) =>
    `max by (service, component) (changes(${select("process_start_time_seconds")}[15m])) > ${t.restarts}`,
  summary: "{{ $labels.service }} restarts again and again",
  description: (t) =>
    `{{ $labels.service }} restarted {{ $value | humanize }} times within 15 minutes; up to ${t.restarts} are tolerated.`,
  runbook: {
    meaning:
      "The process was started anew several times in the same container. Releases do not count: they make new containers.",
    impact: "Every restart ends the calls and sessions that the process held.",
    diagnosis: [
      "`docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' <container>`: 137 or true means memory.",
      "The last log lines before a start say why it ended.",
    ],
    mitigation: [
      "Memory: raise `memoryMb` of this part.",
      "Began with a release: `./fleet rollback`.",
    ],
  },
  tests: (t) => {
    const start = select("process_start_time_seconds", { ...scene, instance: equal("a") });
    // One restart a minute, so many of them, then calm.
    const restarts = (count: number) => ({
      [start]: [
        "1000x39",
        ...Array.from({ length: count }, (_v, index) => `${2000 + index}x3`),
        `${count === 0 ? 1000 : 2000 + count - 1}x200`,
      ].join(" "),
    });
    const many = Math.floor(t.restarts) + 1;
    const last = 600 + (many - 1) * 60;
    return {
      fires: [
        {
          name: "one more than is tolerated",
          series: restarts(many),
          atSeconds: last,
          firing: [{ labels: scene, value: many }],
        },
        {
          name: "the first is not forgotten yet",
          series: restarts(many),
          atSeconds: 600 + 900 - 60,
          firing: [{ labels: scene, value: many }],
        },
      ],
      quiet: [
        { name: "as many as are tolerated", series: restarts(many - 1), atSeconds: last + 60 },
        { name: "the first is forgotten", series: restarts(many), atSeconds: 600 + 900 + 60 },
      ],
    };
  },
});

const memoryShare = (ratio: number) =>
  `max by (service, component) (max_over_time(${select("process_resident_memory_bytes")}[5m]) / on (service, component) group_left () ${select("service:memory_limit:bytes")}) > ${ratio}`;

function memoryTests(t: { ratio: number }, { forSeconds }: AlertContext): AlertTests {
  // A power of two: a share of it is exact.
  const limit = 1024 * 1024;
  const used = select("process_resident_memory_bytes", { ...scene, instance: equal("a") });
  const series = (share: string) => ({
    [used]: share,
    [select("service:memory_limit:bytes", scene)]: steady(limit, 7200),
  });
  const of = (share: number) => steady(share * limit, 7200);
  const over = Math.min(1, t.ratio * 1.05);
  const firing = { labels: scene, value: over };
  const peakSeconds = evaluationAt(forSeconds + 300);
  const peak = `${steady(over * limit, peakSeconds)} ${of(0)}`;
  return together(
    level({
      forSeconds,
      bad: series(of(over)),
      good: series(of(t.ratio)),
      firing,
    }),
    {
      fires: [
        {
          name: "a peak counts for the window",
          series: series(peak),
          atSeconds: peakSeconds + 240,
          firing: [firing],
        },
      ],
      quiet: [
        {
          name: "a peak that has left the window",
          series: series(peak),
          atSeconds: peakSeconds + 330,
        },
      ],
    },
  );
}

const memoryRunbook = {
  meaning:
    "Resident memory of the process against the memory limit of its container, from the fleet file.",
  impact: "At the limit the kernel ends the process, and every call that it holds.",
  diagnosis: [
    "Steady growth is a leak or a cache; a step after a release is the release.",
    "For servers compare `mcp_memory_usage_bytes` by type: heap or external.",
  ],
  mitigation: [
    "Raise `memoryMb` of this part and run `./fleet up`.",
    "After a release: `./fleet rollback`.",
  ],
};

const highMemoryUsage = defineAlert({
  name: "HighMemoryUsage",
  group: "servers",
  severity: "warning",
  forSeconds: 300,
  thresholds: {
    ratio: { unit: "ratio", default: 0.9, min: 0.01, max: 0.99, what: "Memory of its limit." },
  },
  expr: (t) => memoryShare(t.ratio),
  summary: "{{ $labels.service }} is short of memory",
  description: (t) =>
    `{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory limit; ${showThreshold("ratio", t.ratio)} is the warning.`,
  runbook: memoryRunbook,
  causes: [{ alert: "ServiceDown", scope: "service" }],
  worse: "CriticalMemoryUsage",
  tests: memoryTests,
});

const criticalMemoryUsage = defineAlert({
  name: "CriticalMemoryUsage",
  group: "servers",
  severity: "critical",
  forSeconds: 120,
  thresholds: {
    ratio: { unit: "ratio", default: 0.95, min: 0.01, max: 0.99, what: "Memory of its limit." },
  },
  expr: (t) => memoryShare(t.ratio),
  summary: "{{ $labels.service }} is about to run out of memory",
  description: (t) =>
    `{{ $labels.service }} uses {{ $value | humanizePercentage }} of its memory limit; beyond ${showThreshold("ratio", t.ratio)} the next peak ends it.`,
  runbook: memoryRunbook,
  causes: [{ alert: "ServiceDown", scope: "service" }],
  tests: memoryTests,
});

export const serverAlerts: readonly Alert[] = [
  serviceDown,
  databaseConnectionFailure,
  highErrorRate,
  criticalErrorRate,
  lowToolSuccess,
  criticalToolSuccess,
  highConcurrency,
  criticalConcurrency,
  sessionsRejected,
  faultActive,
  serviceRestarting,
  highMemoryUsage,
  criticalMemoryUsage,
];
