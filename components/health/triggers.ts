import type { ProbeInput } from "./probe.schema.ts";
import { latencyTag } from "./unchanged.ts";

/**
 * Reasons to roll back, as the guides of the source systems number them. Held for minutes in daily operation (that is
 * what alerts are for); a release is judged by what its first seconds show.
 */
export const triggerNumbers = {
  /**
   * Writing-servers guide, section 10.1: above 10 %, and P95 above 200 ms for 10 min. The seconds of a bake are judged
   * at five times that: where the machine is busy, a healthy server that has just started is slower than 200 ms
   * (measured: 450 to 755 ms, on two cores with twenty processes waiting).
   */
  writing: { errorRatio: 0.1, p95Ms: 1000 },
  /** Retell guide, section 10.1, T2 and T1: above 25 %, and over 2000 ms (read as P95, resolution G7). */
  retell: { errorRatio: 0.25, p95Ms: 2000 },
} as const;

export interface Triggers {
  readonly errorRatio: number;
  readonly p95Ms: number;
  readonly minCalls: number;
}

/** Histogram of every MCP request that a server answered; its labels tell tool calls and failures. */
const operations = "mcp_server_operation_duration_seconds";
const toolCalls = { mcp_method_name: "tools/call" };

/** Range that holds at least two samples, whatever was missed. Seconds. */
export function rangeSeconds(scrapeIntervalSeconds: number): number {
  return Math.max(60, 4 * scrapeIntervalSeconds);
}

/**
 * Error ratio and latency of one server, asked twice: of the server itself, which knows at once, and of Prometheus,
 * which is there for longer bakes and for servers that this machine cannot reach. Tool calls only: handshakes are many
 * and quick, and would hide slow or failing calls.
 */
export function serverTriggers(
  server: string,
  triggers: Triggers,
  options: { readonly metricsPort: number; readonly scrapeIntervalSeconds: number },
): readonly ProbeInput[] {
  const common = {
    subject: server,
    tags: ["watch", "trigger"],
    onInconclusive: "pass" as const,
    operator: "<=" as const,
    timeoutSeconds: 4,
  };
  const direct = { ...common, kind: "metrics" as const, port: options.metricsPort };
  const seconds = rangeSeconds(options.scrapeIntervalSeconds);
  const range = `[${seconds}s]`;
  const own = 'instance=~"{{instance}}", mcp_method_name="tools/call"';
  const all = `sum(increase(${operations}_count{${own}}${range}))`;
  const failed = `sum(increase(${operations}_count{${own}, error_type!=""}${range}))`;
  const buckets = `sum by (le) (increase(${operations}_bucket{${own}}${range}))`;
  const enough = `${all} >= ${triggers.minCalls}`;
  const prometheus = {
    ...common,
    kind: "promql" as const,
    at: "prometheus",
    intervalSeconds: 5,
    // A range of a minute is an aggregate already; waiting for a third scrape would not make it truer.
    retries: 2,
  };
  return [
    {
      ...direct,
      name: `${server}/error-ratio`,
      measure: {
        of: "ratio",
        counter: `${operations}_count`,
        labels: toolCalls,
        failed: "error_type",
      },
      minCount: triggers.minCalls,
      threshold: triggers.errorRatio,
    },
    {
      ...direct,
      name: `${server}/p95`,
      tags: [...common.tags, latencyTag],
      measure: {
        of: "quantile",
        histogram: operations,
        labels: toolCalls,
        quantile: 0.95,
      },
      // The first calls of a new process on a busy machine are slow (seen: ten within two seconds took 2 to 2.6 s, and
      // a good release went back). Windows that do not overlap see such a moment once or twice, never four times.
      windowSeconds: 1.5,
      intervalSeconds: 2,
      retries: 4,
      minCount: Math.min(5, triggers.minCalls),
      threshold: triggers.p95Ms / 1000,
      unit: " s",
    },
    {
      ...prometheus,
      name: `${server}/error-ratio-recorded`,
      query: `(${failed} or vector(0)) / (${enough})`,
      threshold: triggers.errorRatio,
    },
    {
      ...prometheus,
      name: `${server}/p95-recorded`,
      tags: [...common.tags, latencyTag],
      query: `1000 * histogram_quantile(0.95, ${buckets}) and on() (${enough})`,
      threshold: triggers.p95Ms,
      unit: " ms",
      // One slow moment stays in the range as long as the range is: it takes more than that to be a slow release.
      retries: Math.ceil(seconds / prometheus.intervalSeconds) + 2,
    },
  ];
}
