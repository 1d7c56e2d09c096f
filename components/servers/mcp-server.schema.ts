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

/** Port inside each server's container that serves `/metrics`, apart from MCP and health. */
export const serverMetricsPort = 9464;

/** How a server is probed. Defaults are those of the writing-servers guide, section 5.3. */
const health = {
  intervalSeconds: seconds(1, 3600).describe("Seconds between two probes."),
  timeoutSeconds: seconds(1, 600).describe("A probe that takes longer counts as failed."),
  retries: z.int().min(1).max(100).describe("Failures in a row until the server is unhealthy."),
  startPeriodSeconds: seconds(0, 3600).describe("Failures so soon after the start do not count."),
};

const healthCheckSchema = z.strictObject({
  intervalSeconds: health.intervalSeconds.default(30),
  timeoutSeconds: health.timeoutSeconds.default(10),
  retries: health.retries.default(3),
  startPeriodSeconds: health.startPeriodSeconds.default(40),
});

/** What every server may set, and what `serverDefaults` sets for all of them. */
const settings = {
  image: imageReference
    .optional()
    .describe("Own image; default: the reference server, built from `images/mcp-server`."),
  memoryMb: memoryMb.optional().describe("Memory limit, MiB."),
  cpus: cpus.optional().describe("CPU limit, cores."),
  poolSize: z
    .int()
    .min(1)
    .max(200)
    .optional()
    .describe("Connections that the server's own pool opens to the pooler at most."),
  env: environment.optional().describe("Extra environment variables; no secrets."),
  drainSeconds: seconds(0, 600)
    .optional()
    .describe("How long a server may finish its calls after SIGTERM, seconds."),
  sessionIdleSeconds: seconds(10, 86_400)
    .optional()
    .describe("A session that was idle for so long is closed, seconds."),
  sessionMax: z
    .int()
    .min(1)
    .max(100_000)
    .optional()
    .describe("Sessions that one server holds at most."),
  // Without defaults: `.partial()` of a schema with defaults fills them in, and serverDefaults would never count.
  health: z.strictObject(health).partial().optional().describe("How the server is probed."),
};

export const serverDefaultsSchema = z.strictObject({
  ...settings,
  memoryMb: settings.memoryMb.default(160),
  cpus: settings.cpus.default(1),
  poolSize: settings.poolSize.default(10),
  env: settings.env.default({}),
  drainSeconds: settings.drainSeconds.default(30),
  sessionIdleSeconds: settings.sessionIdleSeconds.default(1800),
  sessionMax: settings.sessionMax.default(1000),
  health: healthCheckSchema.prefault({}).describe("How every server is probed."),
});

export const serverSchema = z.strictObject({
  name: slug.describe("Unique; route, container, database schema and metric label derive from it."),
  port: port.describe("Unique port: inside the container, and on loopback at the gateway."),
  domain: slug
    .optional()
    .describe(
      "Which of the reference server's ten domains it runs; default: its name. Ignored with an own image.",
    ),
  critical: z
    .boolean()
    .default(false)
    .describe("A critical server's outage is a reason to roll back and to page."),
  dependsOn: z.array(slug).default([]).describe("Servers that must be there before this one."),
  ...settings,
});

export type ServerFile = z.output<typeof serverSchema>;
type HealthCheckSpec = z.output<typeof healthCheckSchema>;

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
