import { z } from "zod";
import { pgbouncerSchema, type PgBouncerSpec } from "../../components/database/pgbouncer.schema.ts";
import { postgresSchema, type PostgresSpec } from "../../components/database/postgres.schema.ts";
import { gatewaySchema, type GatewaySpec } from "../../components/gateway/gateway.schema.ts";
import {
  healthSchema,
  rolloutSchema,
  type HealthSpec,
  type RolloutSpec,
} from "../../components/health/health.schema.ts";
import {
  monitoringSchema,
  type MonitoringSpec,
} from "../../components/monitoring/monitoring.schema.ts";
import {
  serverDefaultsSchema,
  serverSchema,
  type ServerSpec,
} from "../../components/servers/mcp-server.schema.ts";
import { slug } from "../../components/shared.schema.ts";

/** Shape of a fleet file (`fleets/*.yaml`). Rules across fields live in `rules.ts`. */
export const fleetFileSchema = z.strictObject({
  name: slug.describe("Name of the fleet."),
  environment: slug
    .default("staging")
    .describe("Label on metrics and logs. Servers always run with NODE_ENV=production."),
  logging: z
    .strictObject({
      level: z
        .enum(["debug", "info", "warn", "error"], { error: "debug, info, warn or error" })
        .default("info")
        .describe("Least severe level that servers log."),
      format: z
        .enum(["json", "text"], { error: "json or text" })
        .default("json")
        .describe("json for machines, text for people."),
      maxSizeMb: z
        .int()
        .min(1)
        .max(1000)
        .default(10)
        .describe("Rotation of each container's log: size of one file, MB."),
      maxFiles: z
        .int()
        .min(1)
        .max(100)
        .default(5)
        .describe("Rotation of each container's log: files kept."),
    })
    .prefault({})
    .describe("Logs of all containers."),
  serverDefaults: serverDefaultsSchema
    .prefault({})
    .describe("What every server has that does not set it itself."),
  servers: z
    .array(serverSchema)
    .min(1, { error: "at least one server" })
    .max(500, { error: "at most 500 servers" })
    .describe(
      "The MCP servers; routes, scrape jobs, logins and client config derive from this list.",
    ),
  postgres: postgresSchema.prefault({}).describe("PostgreSQL 17, the database of all servers."),
  pgbouncer: pgbouncerSchema.prefault({}).describe("PgBouncer, between servers and database."),
  gateway: gatewaySchema.prefault({}).describe("HAProxy, the one way in."),
  monitoring: monitoringSchema.prefault({}).describe("Prometheus and what belongs to it."),
  health: healthSchema.prefault({}).describe("What decides whether a release stays."),
  rollout: rolloutSchema.prefault({}).describe("How a new release takes over."),
});
export type FleetFile = z.output<typeof fleetFileSchema>;

interface LoggingSpec {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: "json" | "text";
  readonly maxSizeMb: number;
  readonly maxFiles: number;
}

/** The whole fleet with every default applied: the one value from which everything is derived. */
export interface FleetSpec {
  readonly name: string;
  readonly environment: string;
  readonly logging: LoggingSpec;
  readonly servers: readonly ServerSpec[];
  readonly postgres: PostgresSpec;
  readonly pgbouncer: PgBouncerSpec;
  readonly gateway: GatewaySpec;
  readonly monitoring: MonitoringSpec;
  readonly health: HealthSpec;
  readonly rollout: RolloutSpec;
}
