import type { Discovery } from "../platform/platform.ts";

/** Where a part is scraped: at one host name on the network `obs`, or wherever its copies are found. */
export type Whereabouts = string | Found;

interface Found {
  readonly discovery: Discovery;
  /** Host names of copies that have to be there: one that is not found is down, not unknown. */
  readonly expected: readonly string[];
}

/**
 * What Prometheus scrapes: one job per part of the fleet.
 *
 * `A` is the type of the address: plain for the renderer, an output of the platform for the component.
 */
export interface ScrapeTarget<A = Whereabouts> {
  /** Job name; unique. A server's job is named after the server. */
  readonly job: string;
  /** Component whose copies serve the metrics. */
  readonly servedBy: string;
  readonly address: A;
  readonly port: number;
  /** On every series of this target. Alerts inherit them, and routes and inhibitions match on them. */
  readonly labels: TargetLabels;
  /** Memory limit of its container, MiB; absent: not known, so nothing is compared with it. */
  readonly memoryMb?: number;
}

interface TargetLabels {
  /** The part that a person would name: a server, or one of `postgres`, `pgbouncer`, `gateway`, ... */
  readonly service: string;
  readonly component: "mcp-server" | "gateway" | "database" | "monitoring";
  /** An outage is a reason to page and to roll back. Absent, never "false": so one matcher finds them. */
  readonly critical?: "true";
  /** Port on which clients know the server; not the one that is scraped. */
  readonly port?: string;
}

/** Ports of `/metrics`; the servers' own is with the servers. */
const metricsPorts = {
  gateway: 8405,
  postgres: 9187,
  pgbouncer: 9127,
} as const;

/** @param metricsPort port of the server's `/metrics`. */
export function serverTarget<A>(
  server: {
    readonly name: string;
    readonly port: number;
    readonly critical: boolean;
    readonly memoryMb?: number;
  },
  address: A,
  metricsPort: number,
): ScrapeTarget<A> {
  return {
    job: server.name,
    servedBy: server.name,
    address,
    port: metricsPort,
    labels: {
      service: server.name,
      component: "mcp-server",
      port: String(server.port),
      ...(server.critical && { critical: "true" }),
    },
    ...(server.memoryMb !== undefined && { memoryMb: server.memoryMb }),
  };
}

/** Jobs of every fleet beside those of its servers. */
export const sharedJobs = ["gateway", "postgres", "pgbouncer"] as const;

/** The gateway's own metrics. Without it no server is reachable: critical. */
export function gatewayTarget<A>(address: A): ScrapeTarget<A> {
  return critical("gateway", "gateway", "gateway", address);
}

/** @param address of the PostgreSQL exporter. */
export function postgresTarget<A>(address: A): ScrapeTarget<A> {
  return critical("postgres", "postgres-exporter", "database", address);
}

/** @param address of the PgBouncer exporter. */
export function pgbouncerTarget<A>(address: A): ScrapeTarget<A> {
  return critical("pgbouncer", "pgbouncer-exporter", "database", address);
}

function critical<A>(
  service: keyof typeof metricsPorts,
  servedBy: string,
  component: TargetLabels["component"],
  address: A,
): ScrapeTarget<A> {
  return {
    job: service,
    servedBy,
    address,
    port: metricsPorts[service],
    labels: { service, component, critical: "true" },
  };
}
