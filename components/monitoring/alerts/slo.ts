import { operationBuckets } from "../metrics/mcp-server.ts";
import { matching, notMatching, select } from "../metrics/select.ts";
import type { RecordingRule } from "./alert-rule.ts";
import { together } from "./cases.ts";
import { defineAlert, type Alert, type Cause } from "./define-alert.ts";
import { burnTests, pagingClaims, type Sli } from "./slo-cases.ts";
import { scene, serverCauses } from "./server-parts.ts";
import { showThreshold, type Threshold } from "./threshold.ts";

/** What a fleet promises of each of its servers. */
export interface SloSettings {
  /** Share of the calls that do not fail through the fleet's own fault. */
  readonly availability: number;
  /** Share of the calls that are answered within `latencyMs`. */
  readonly latency: number;
  /** One of the bounds of the histogram. */
  readonly latencyMs: number;
}

/** Windows of the shares; those of the counts are the long ones of each pair. */
const windows = ["5m", "30m", "1h", "6h", "3d"] as const;
const longWindows = { "1h": 3600, "6h": 6 * 3600, "3d": 3 * 86_400 } as const;
type Window = (typeof windows)[number];
type LongWindow = keyof typeof longWindows;
export type Slo = "availability" | "latency";

const routes = { proxy: notMatching("gateway_.*") };
const toService = (rate: string) => `label_replace(${rate}, "service", "$1", "proxy", "(.+)")`;

/**
 * Calls that miss the objective, and all calls, per second and server.
 *
 * Availability is measured at the gateway: a server that is gone counts nothing itself, while its callers get 503. What
 * a server answers with 200 and calls its own fault comes on top.
 */
function rates(slo: Slo, window: Window, settings: SloSettings): { bad: string; all: string } {
  switch (slo) {
    case "availability": {
      const answers = (code: object) =>
        toService(
          `rate(${select("haproxy_backend_http_responses_total", { ...routes, ...code })}[${window}])`,
        );
      const faults = `rate(${select("mcp_faults_total")}[${window}])`;
      return {
        bad: `sum by (service) (${answers({ code: "5xx" })} or ${faults})`,
        all: `sum by (service) (${answers({})})`,
      };
    }
    case "latency": {
      const total = select("mcp_server_operation_duration_seconds_count");
      // Prometheus 3 writes the bound 1 as 1.0.
      const bound = String(settings.latencyMs / 1000);
      const fast = select("mcp_server_operation_duration_seconds_bucket", {
        le: matching(`${bound.replace(".", "[.]")}([.]0)?`),
      });
      const sum = (series: string) => `sum by (service) (rate(${series}[${window}]))`;
      return { bad: `${sum(total)} - ${sum(fast)}`, all: sum(total) };
    }
  }
}

/** Shares and counts that the alerts read; in their file, before them. */
export function sloRecordings(slo: Slo, settings: SloSettings): Omit<RecordingRule, "tests">[] {
  return [
    ...windows.map((window) => {
      const { bad, all } = rates(slo, window, settings);
      return {
        record: `service:slo_${slo}:ratio_rate${window}` as const,
        // Without calls there is no share, rather than a division by zero.
        expr: `(${bad}) / (${all} > 0)`,
      };
    }),
    ...(Object.keys(longWindows) as LongWindow[]).map((window) => ({
      record: `service:slo_${slo}:rate${window}` as const,
      expr: rates(slo, window, settings).bad,
    })),
  ];
}

/** Burning this many times too fast, over the long window and still over the short one. */
function burning(
  slo: Slo,
  long: LongWindow,
  short: Window,
  share: number,
  failures: number,
): string {
  const ratio = (window: Window) => select(`service:slo_${slo}:ratio_rate${window}`);
  const missed = `${select(`service:slo_${slo}:rate${long}`)} * ${longWindows[long]}`;
  return `(${ratio(long)} > ${share} and ${ratio(short)} > ${share} and ${missed} > ${failures})`;
}

const minimumFailures: Threshold = {
  unit: "count",
  default: 5,
  min: 1,
  what: "Missed calls within the long window up to which nobody is told: one failed call at night is no outage.",
};
const factor = (value: number, what: string): Threshold => ({
  unit: "count",
  default: value,
  min: 1,
  max: 15,
  what,
});

const faultCauses: readonly Cause[] = [
  ...serverCauses,
  { alert: "GatewayDown", scope: "fleet" },
  { alert: "GatewayBackendDown", scope: "service" },
  { alert: "DatabaseConnectionFailure", scope: "service" },
];

const texts = {
  availability: {
    promise: ({ availability }: SloSettings) =>
      `${showThreshold("ratio", availability)} of the calls succeed`,
    short: "fails more calls than promised",
    meaning:
      "The share of calls that failed through the fleet's own fault, as the gateway saw it (5xx, so an absent server counts), plus calls that the server itself calls its fault.",
  },
  latency: {
    promise: ({ latency, latencyMs }: SloSettings) =>
      `${showThreshold("ratio", latency)} of the calls are answered within ${showThreshold("milliseconds", latencyMs)}`,
    short: "is slower than promised",
    meaning: "The share of calls that took longer than the objective allows.",
  },
} as const;

/** Alerts of both objectives, for what a fleet promises. */
export function sloAlerts(settings: SloSettings): readonly Alert[] {
  return (["availability", "latency"] as const).flatMap((slo) => {
    const { promise, short, meaning } = texts[slo];
    const budget = Number((1 - settings[slo]).toPrecision(12));
    const share = (times: number) => Number((times * budget).toPrecision(12));
    const name = slo === "availability" ? "Availability" : "Latency";
    const diagnosis = [
      slo === "availability"
        ? 'Gateway or server? Compare `haproxy_backend_http_responses_total{code="5xx"}` with `mcp_faults_total`.'
        : "Which tool? The 95th percentile of `mcp_server_operation_duration_seconds` by `gen_ai_tool_name`.",
      "Look at the graph of the burn: a step is a release or an outage, a slope is load.",
      "Other alerts of the same server name the cause more often than not.",
    ];
    const common = {
      group: `slo-${slo}`,
      component: "mcp-server",
      forSeconds: 0,
      causes: slo === "availability" ? faultCauses : serverCauses,
    } as const;
    return [
      defineAlert({
        ...common,
        name: `${name}BurnFast`,
        severity: "critical",
        thresholds: {
          hour: factor(14.4, "Speed of the burn over an hour; 14.4 takes 2 % of 30 days' budget."),
          sixHours: factor(6, "Speed of the burn over 6 hours; 6 takes 5 % of 30 days' budget."),
          minimumFailures,
        },
        expr: (t) =>
          `${burning(slo, "1h", "5m", share(t.hour), t.minimumFailures)} or ${burning(slo, "6h", "30m", share(t.sixHours), t.minimumFailures)}`,
        summary: `{{ $labels.service }} ${short}, fast`,
        description: () =>
          `${promise(settings)}; at this speed {{ $labels.service }} uses up in a few days what it may miss in thirty.`,
        runbook: {
          meaning: `${meaning} It is compared over two pairs of windows: an hour and 5 minutes, 6 hours and 30 minutes.`,
          impact: "Users notice. What a month may miss is gone within days.",
          diagnosis,
          mitigation: [
            "Began with a release: `./fleet rollback`.",
            "Else follow the alert of the cause.",
          ],
        },
        tests: (t) => {
          const indicator = sli(slo, settings);
          const burning = burnTests(
            indicator,
            [
              { long: 3600, short: 300, factor: t.hour, step: 30, settle: 3 },
              { long: 6 * 3600, short: 1800, factor: t.sixHours, step: 300, after: t.hour },
            ],
            t.minimumFailures,
          );
          const usual = budget <= 0.001 && t.hour <= 14.4 && t.minimumFailures <= 100;
          return usual ? together(burning, pagingClaims(indicator)) : burning;
        },
      }),
      defineAlert({
        ...common,
        name: `${name}BurnSlow`,
        severity: "warning",
        // A day and 2 hours at 3 times is common too; whenever that holds, this does.
        thresholds: {
          threeDays: factor(1, "Speed of the burn over 3 days; 1 takes 10 % of 30 days' budget."),
          minimumFailures,
        },
        expr: (t) => burning(slo, "3d", "6h", share(t.threeDays), t.minimumFailures),
        summary: `{{ $labels.service }} ${short}, slowly`,
        description: () =>
          `${promise(settings)}; if {{ $labels.service }} goes on like this, the promise for thirty days is broken.`,
        runbook: {
          meaning: `${meaning} It is compared over 3 days and 6 hours.`,
          impact: "No outage, but steady loss: at the end of the month the promise is broken.",
          diagnosis,
          mitigation: [
            "Plan the repair for working hours.",
            "If the promise is not what users need, change `monitoring.slo`.",
          ],
        },
        tests: (t) =>
          burnTests(
            sli(slo, settings),
            [{ long: 3 * 86_400, short: 6 * 3600, factor: t.threeDays, step: 1800 }],
            t.minimumFailures,
          ),
      }),
    ];
  });
}

/** How traffic with a share of missed calls looks in the series that the objective reads. */
function sli(slo: Slo, settings: SloSettings): Sli {
  const budget = Number((1 - settings[slo]).toPrecision(12));
  if (slo === "availability") {
    const answers = (code: "2xx" | "5xx", proxy: string = scene.service) =>
      select("haproxy_backend_http_responses_total", {
        service: "gateway",
        component: "gateway",
        proxy,
        code,
      });
    return {
      budget,
      labels: { service: scene.service },
      // Half of what is missed shows at the gateway, half in the server's own counter.
      series: (counted) => ({
        [answers("2xx")]: counted((bad) => 1 - bad / 2),
        [answers("5xx")]: counted((bad) => bad / 2),
        [select("mcp_faults_total", scene)]: counted((bad) => bad / 2),
        [answers("5xx", "gateway_successor")]: counted(() => 1),
      }),
    };
  }
  const labels = { ...scene, mcp_method_name: "tools/call" };
  const bucket = (le: number) =>
    select("mcp_server_operation_duration_seconds_bucket", { ...labels, le: String(le) });
  const bound = settings.latencyMs / 1000;
  return {
    budget,
    labels: { service: scene.service },
    series: (counted) => ({
      [select("mcp_server_operation_duration_seconds_count", labels)]: counted(() => 1),
      ...Object.fromEntries(
        operationBuckets.map((le) => [
          bucket(le),
          // Fast calls take just as long as is allowed, slow ones just longer.
          counted((bad) => (le < bound ? 0 : le === bound ? 1 - bad : 1)),
        ]),
      ),
    }),
  };
}
