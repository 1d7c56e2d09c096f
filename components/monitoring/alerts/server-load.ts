import { equal, select } from "../metrics/select.ts";
import type { AlertTests } from "./alert-rule.ts";
import { burst, evaluationAt, level, steady, together } from "./cases.ts";
import { type AlertContext, defineAlert } from "./define-alert.ts";
import { perServer, scene, serverCauses } from "./server-parts.ts";
import { showThreshold } from "./threshold.ts";

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

export const highConcurrency = defineAlert({
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

export const criticalConcurrency = defineAlert({
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

export const sessionsRejected = defineAlert({
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

export const highMemoryUsage = defineAlert({
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

export const criticalMemoryUsage = defineAlert({
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
