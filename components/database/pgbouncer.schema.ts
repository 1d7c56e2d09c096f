import { z } from "zod";
import { cpus, imageReference, memoryMb, seconds } from "../shared.schema.ts";

/** PgBouncer. Defaults: writing-servers guide, section 3.2 (tuned values), and the measured advice on retry and wait. */
export const pgbouncerSchema = z.strictObject({
  image: imageReference
    .optional()
    .describe("Own PgBouncer 1.24 image; default: built from `images/pgbouncer`."),
  poolMode: z
    .literal("transaction", { error: 'only "transaction" is supported; remove the line' })
    .default("transaction")
    .describe("Only transaction pooling: the servers keep no session state."),
  defaultPoolSize: z.int().min(1).max(10_000).default(50).describe("Server connections per user."),
  minPoolSize: z
    .int()
    .min(0)
    .max(10_000)
    .default(0)
    .describe("Server connections per user that stay open when idle."),
  reservePoolSize: z
    .int()
    .min(0)
    .max(10_000)
    .default(20)
    .describe("Further server connections per user for clients that wait too long."),
  maxDbConnections: z
    .int()
    .min(1)
    .max(10_000)
    .default(150)
    .describe("Server connections to the database in all, whatever the pools would allow."),
  maxClientConnections: z
    .int()
    .min(1)
    .max(100_000)
    .default(2000)
    .describe("Client connections in all; at least servers x poolSize x 2, as releases overlap."),
  maxPreparedStatements: z
    .int()
    .min(1)
    .max(10_000)
    .default(200)
    .describe("Prepared statements kept per connection."),
  serverIdleTimeoutSeconds: seconds(0, 86_400)
    .default(600)
    .describe("An idle server connection is closed after this time; 0: never."),
  serverLifetimeSeconds: seconds(0, 86_400)
    .default(3600)
    .describe("A server connection is renewed after this time."),
  serverConnectTimeoutSeconds: seconds(1, 600)
    .default(15)
    .describe("Connecting and logging in to PostgreSQL may take no longer."),
  serverLoginRetrySeconds: seconds(1, 600)
    .default(1)
    .describe("The stock 15 s turns a 2.3 s crash of PostgreSQL into 15 s of downtime."),
  queryWaitTimeoutSeconds: seconds(1, 600)
    .default(15)
    .describe("A client waits for a free server connection no longer than this."),
  queryTimeoutSeconds: seconds(0, 86_400)
    .default(0)
    .describe("0: no limit here; roles carry statement timeouts."),
  memoryMb: memoryMb.default(64).describe("Memory limit, MiB."),
  cpus: cpus.default(1).describe("CPU limit, cores."),
});
export type PgBouncerSpec = z.output<typeof pgbouncerSchema>;
