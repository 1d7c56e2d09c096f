import { z } from "zod";
import {
  cpus,
  environment,
  imageReference,
  memoryMb,
  port,
  seconds,
  slug,
} from "../shared.schema.ts";

/** How a server is probed. Defaults are those of the writing-servers guide, section 5.3. */
export const healthCheckSchema = z.strictObject({
  /** Seconds between two probes. */
  intervalSeconds: seconds(1, 3600).default(30),
  /** A probe that takes longer counts as failed. */
  timeoutSeconds: seconds(1, 600).default(10),
  /** Failures in a row until the server counts as unhealthy. */
  retries: z.int().min(1).max(100).default(3),
  /** Failures within this time after the start do not count. */
  startPeriodSeconds: seconds(0, 3600).default(40),
});

/** What every server may set, and what `serverDefaults` sets for all of them. */
const settings = {
  /** Own image; default: the reference server, built from `images/mcp-server`. */
  image: imageReference.optional(),
  /** Memory limit, MiB. */
  memoryMb: memoryMb.optional(),
  /** CPU limit, cores. */
  cpus: cpus.optional(),
  /** Connections that the server's own pool opens to the pooler at most. */
  poolSize: z.int().min(1).max(1000).optional(),
  /** Extra environment variables; no secrets. */
  env: environment.optional(),
  /** How long a server may finish its calls after SIGTERM, seconds. */
  drainSeconds: seconds(0, 600).optional(),
  /** A session that was idle for so long is closed, seconds. */
  sessionIdleSeconds: seconds(10, 86_400).optional(),
  /** Sessions that one server holds at most. */
  sessionMax: z.int().min(1).max(100_000).optional(),
  health: healthCheckSchema.partial().optional(),
};

export const serverDefaultsSchema = z.strictObject({
  ...settings,
  memoryMb: memoryMb.default(160),
  cpus: cpus.default(1),
  poolSize: z.int().min(1).max(1000).default(10),
  env: environment.default({}),
  drainSeconds: seconds(0, 600).default(30),
  sessionIdleSeconds: seconds(10, 86_400).default(1800),
  sessionMax: z.int().min(1).max(100_000).default(1000),
  health: healthCheckSchema.prefault({}),
});

export const serverSchema = z.strictObject({
  /** Unique; route, container, database schema and metric label derive from it. */
  name: slug,
  /** Unique port: inside the container, and on loopback at the gateway. */
  port,
  /** Which of the reference server's ten domains it runs; default: its name. Ignored with an own image. */
  domain: slug.optional(),
  /** A critical server's outage is a reason to roll back and to page. */
  critical: z.boolean().default(false),
  /** Servers that must be there before this one. */
  dependsOn: z.array(slug).default([]),
  ...settings,
});

export type ServerFile = z.output<typeof serverSchema>;
export type ServerDefaults = z.output<typeof serverDefaultsSchema>;
export type HealthCheckSpec = z.output<typeof healthCheckSchema>;

/** One server with every default applied: what components see. */
export interface ServerSpec {
  readonly name: string;
  readonly port: number;
  readonly domain: string;
  readonly critical: boolean;
  readonly dependsOn: readonly string[];
  /** Absent: the reference server. */
  readonly image?: string;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly poolSize: number;
  readonly env: Readonly<Record<string, string>>;
  readonly drainSeconds: number;
  readonly sessionIdleSeconds: number;
  readonly sessionMax: number;
  readonly health: HealthCheckSpec;
}

/** Database schema of a server: its name with underscores. */
export function schemaOf(server: string): string {
  return server.replaceAll("-", "_");
}
