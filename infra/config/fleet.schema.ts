import { z } from "zod";
import { pgbouncerSchema, type PgBouncerSpec } from "../../components/database/pgbouncer.schema.ts";
import { postgresSchema, type PostgresSpec } from "../../components/database/postgres.schema.ts";
import { gatewaySchema, type GatewaySpec } from "../../components/gateway/gateway.schema.ts";
import { monitoringSchema, type MonitoringSpec } from "../../components/monitoring/monitoring.schema.ts";
import {
  serverDefaultsSchema,
  serverSchema,
  type ServerSpec,
} from "../../components/servers/mcp-server.schema.ts";
import { slug } from "../../components/shared.schema.ts";

/** Shape of a fleet file (`fleets/*.yaml`). Rules across fields live in `rules.ts`. */
export const fleetFileSchema = z.strictObject({
  /** Name of the fleet. */
  name: slug,
  /** Label on metrics and logs. Servers always run with NODE_ENV=production. */
  environment: slug.default("staging"),
  logging: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"], { error: "debug, info, warn or error" }).default("info"),
      format: z.enum(["json", "text"], { error: "json or text" }).default("json"),
      /** Rotation of each container's log: size of one file, MB. */
      maxSizeMb: z.int().min(1).max(1000).default(10),
      /** Rotation of each container's log: files kept. */
      maxFiles: z.int().min(1).max(100).default(5),
    })
    .prefault({}),
  serverDefaults: serverDefaultsSchema.prefault({}),
  servers: z.array(serverSchema).min(1, { error: "at least one server" }).max(500, { error: "at most 500 servers" }),
  postgres: postgresSchema.prefault({}),
  pgbouncer: pgbouncerSchema.prefault({}),
  gateway: gatewaySchema.prefault({}),
  monitoring: monitoringSchema.prefault({}),
});
export type FleetFile = z.output<typeof fleetFileSchema>;

export interface LoggingSpec {
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
}
