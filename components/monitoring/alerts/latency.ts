import { operationBuckets } from "../metrics/mcp-server.ts";
import { equal, select } from "../metrics/select.ts";
import type { AlertTests, InputSeries, Severity } from "./alert-rule.ts";
import { counter, evaluationAt, together } from "./cases.ts";
import { defineAlert, type Alert, type AlertContext, type Runbook } from "./define-alert.ts";
import { ratioCases, type Phase } from "./ratio-cases.ts";
import { minimumCalls, scene, serverCauses } from "./server-parts.ts";
import { showThreshold } from "./threshold.ts";

const windowSeconds = 300;
const buckets = operationBuckets;

const runbook: Runbook = {
  meaning:
    "Time from the arrival of a request at the server to its answer, as a percentile of the last 5 minutes. It is estimated from buckets.",
  impact: "Agents wait. Above the critical time a running release is rolled back.",
  diagnosis: [
    "Which tool? The 95th percentile of `mcp_server_operation_duration_seconds` by `gen_ai_tool_name`.",
    "Database or server? Compare `mcp_database_query_duration_seconds`, and `nodejs_eventloop_lag_p99_seconds`.",
    "All servers at once: PostgreSQL, PgBouncer or the machine. One: its release, its load.",
  ],
  mitigation: [
    "Began with a release: `./fleet rollback`.",
    "Waiting for connections: raise `poolSize`. Short of processor: raise `cpus`.",
  ],
};

interface Numbers {
  readonly time: number;
  readonly minimumCalls: number;
}

function latencyAlert(given: {
  readonly name: string;
  readonly percentile: 95 | 99;
  readonly severity: Severity;
  readonly forSeconds: number;
  readonly milliseconds: number;
  readonly worse?: string;
}): Alert {
  const { percentile } = given;
  const quantile = percentile / 100;
  const count = select("mcp_server_operation_duration_seconds_count");
  const bucket = select("mcp_server_operation_duration_seconds_bucket");
  return defineAlert({
    ...given,
    group: "servers",
    thresholds: {
      time: {
        unit: "milliseconds",
        default: given.milliseconds,
        min: 20,
        max: 120_000,
        what: `The time that ${percentile} of 100 calls stay below.`,
      },
      minimumCalls,
    },
    expr: (t) =>
      `1000 * histogram_quantile(${quantile}, sum by (service, component, le) (rate(${bucket}[5m]))) > ${t.time} and sum by (service, component) (increase(${count}[5m])) >= ${t.minimumCalls}`,
    summary: `{{ $labels.service }} is slow (p${percentile})`,
    description: (t) =>
      `${100 - percentile} of 100 calls to {{ $labels.service }} take longer than {{ $value | humanize }} ms; ${showThreshold("milliseconds", t.time)} is the limit.`,
    runbook,
    causes: serverCauses,
    tests: (t, context) => latencyTests(quantile, t, context),
  });
}

function latencyTests(quantile: number, t: Numbers, context: AlertContext): AlertTests {
  const seconds = t.time / 1000;
  // Slow calls lie in the first bucket that is wholly above the threshold.
  const slow = buckets.findIndex((bound) => bound >= seconds) + 1;
  const [low, high] = [buckets[slow - 1]!, buckets[slow]!];
  const long = 2 * context.forSeconds + 1800;
  const busy = Math.max(1, (100 * t.minimumCalls) / windowSeconds);
  const at = evaluationAt(windowSeconds + context.forSeconds + 600);
  const value = (time: number) => ({ labels: scene, value: time });
  return together(
    ratioCases({
      ...context,
      windowSeconds,
      threshold: 1 - quantile,
      minimumCalls: t.minimumCalls,
      series: (phases) =>
        distribution(phases, (bad) => [
          [0, 1 - bad],
          [slow, bad],
        ]),
      firing: (bad) => value(1000 * (low + ((high - low) * (quantile - (1 - bad))) / bad)),
    }),
    {
      fires: [
        {
          name: "slower than the threshold by a little",
          series: distribution([{ perSecond: busy, bad: 0, seconds: long }], () =>
            percentileAt(quantile, seconds * 1.05),
          ),
          atSeconds: at,
          firing: [value(t.time * 1.05)],
        },
      ],
      quiet: [
        {
          name: "faster than the threshold by a little",
          series: distribution([{ perSecond: busy, bad: 0, seconds: long }], () =>
            percentileAt(quantile, seconds * 0.95),
          ),
          atSeconds: at,
        },
      ],
    },
  );
}

/** Shares of calls by index of their bucket. */
type Shares = readonly (readonly [index: number, share: number])[];

/** Calls in two or three buckets, so that a percentile has exactly this value. Seconds. */
function percentileAt(quantile: number, seconds: number): Shares {
  const index = buckets.findIndex((bound) => bound >= seconds);
  const low = index === 0 ? 0 : buckets[index - 1]!;
  const within = (seconds - low) / (buckets[index]! - low);
  if (within >= quantile) {
    const share = quantile / within;
    return [
      [index, share],
      [index + 1, 1 - share],
    ];
  }
  const below = (quantile - within) / (1 - within);
  return [
    [index - 1, below],
    [index, 1 - below],
  ];
}

function distribution(phases: readonly Phase[], shares: (bad: number) => Shares): InputSeries {
  const upTo = (index: number) => (bad: number) =>
    shares(bad)
      .filter(([bucket]) => bucket <= index)
      .reduce((sum, [, share]) => sum + share, 0);
  const counted = (part: (bad: number) => number) =>
    counter(
      ...phases.map(({ perSecond, bad, seconds }) => [perSecond * part(bad), seconds] as const),
    );
  const labels = { ...scene, instance: equal("a") };
  const all = counted(() => 1);
  return {
    ...Object.fromEntries(
      buckets.map((bound, index) => [
        select("mcp_server_operation_duration_seconds_bucket", { ...labels, le: String(bound) }),
        counted(upTo(index)),
      ]),
    ),
    [select("mcp_server_operation_duration_seconds_bucket", { ...labels, le: "+Inf" })]: all,
    [select("mcp_server_operation_duration_seconds_count", labels)]: all,
  };
}

/** Figures: writing-servers guide, section 7; the critical one is the limit at which a release is rolled back. */
export const latencyAlerts: readonly Alert[] = [
  latencyAlert({
    name: "HighLatencyP95",
    percentile: 95,
    severity: "warning",
    forSeconds: 300,
    milliseconds: 100,
    worse: "CriticalLatencyP95",
  }),
  latencyAlert({
    name: "CriticalLatencyP95",
    percentile: 95,
    severity: "critical",
    forSeconds: 600,
    milliseconds: 200,
  }),
  latencyAlert({
    name: "HighLatencyP99",
    percentile: 99,
    severity: "warning",
    forSeconds: 300,
    milliseconds: 200,
  }),
];
