import type { SeriesName } from "../metrics.ts";
import { matching, select, type Matchers } from "../metrics/select.ts";
import type { Annotation, Variable } from "./define-dashboard.ts";
import type { Limit, Query } from "./panel-spec.ts";

/** Series of a counter per second, over as many scrapes as the chart has points for. */
export function rate<S extends SeriesName>(name: S, matchers: Matchers<S> = {}): string {
  return `rate(${select(name, matchers)}[$__rate_interval])`;
}

/** Growth of a counter over the whole range that is shown. */
export function growth<S extends SeriesName>(name: S, matchers: Matchers<S> = {}): string {
  return `increase(${select(name, matchers)}[$__range])`;
}

/** Zero where there is no such series: nothing of the kind has happened. */
export function orZero(expr: string): string {
  return `${expr} or vector(0)`;
}

/** Latency by recording rules, which alerts judge too. */
export function quantiles(
  matchers: Matchers<"service:mcp_request_duration_ms:p50_5m">,
): readonly [Query, ...Query[]] {
  return [
    { expr: select("service:mcp_request_duration_ms:p50_5m", matchers), legend: "P50" },
    { expr: select("service:mcp_request_duration_ms:p95_5m", matchers), legend: "P95" },
    { expr: select("service:mcp_request_duration_ms:p99_5m", matchers), legend: "P99" },
  ];
}

const serverNames = `label_values(${select("mcp_server_info")}, service)`;

/** All servers, or those that are picked. */
export const servers: Variable = {
  name: "server",
  label: "Server",
  query: serverNames,
  several: true,
};

/** Series of the servers that are picked. */
export const picked = { service: matching("$server") };

/** The gateway's series of their routes. */
export const pickedRoutes = { proxy: matching("$server") };

/** The one server that a dashboard is about. */
export const oneServer: Variable = { ...servers, several: false };

/** To the dashboard of the server that a series belongs to. */
export const toServer = {
  title: "Show this server",
  url: "/d/mcp-server?var-server=${__field.labels.service}",
};

/** Of alerts that fire, one is enough. */
export const anyCritical: Limit = { bad: "above", critical: { value: 1 } };
export const anyWarning: Limit = { bad: "above", warning: { value: 1 } };

/** Memory of the largest container of a service, of what it may have; what alerts judge. */
export function memoryShare(matchers: Matchers<"process_resident_memory_bytes">): string {
  const used = select("process_resident_memory_bytes", matchers);
  return `max by (service, component) (${used} / on (service, component) group_left () ${select("service:memory_limit:bytes")})`;
}

/** How a state of 0 or 1 reads. */
export const upWords = {
  0: { text: "DOWN", color: "red" },
  1: { text: "UP", color: "green" },
} as const;

const version = select("fleet:config_version:info");
/** Longest time for which a version that returns is recognised; Prometheus keeps more. */
const remembered = "7d";

/**
 * What the fleet runs is part of the configuration of Prometheus: its version changes when a release takes over, and
 * has been there before when a rollback returned to it. After an outage of Prometheus itself there is no version to
 * compare with, and no mark.
 */
const changed = `(${version} unless ${version} offset 1m) and on () (count(${version} offset 1m) > 0)`;
const seenBefore = `present_over_time(${version}[${remembered}] offset 2m)`;

/** Marks of releases and rollbacks, for every chart. */
export const releaseMarks: readonly Annotation[] = [
  {
    name: "Release",
    expr: `(${changed}) unless ${seenBefore}`,
    color: "blue",
    text: "New servers or settings took over: {{version}}",
    emptyWhen: "nothing was released in the range that is shown",
  },
  {
    name: "Rollback",
    expr: `(${changed}) and ${seenBefore}`,
    color: "red",
    text: "Servers and settings of before are back: {{version}}",
    emptyWhen: "nothing was rolled back in the range that is shown",
  },
];
