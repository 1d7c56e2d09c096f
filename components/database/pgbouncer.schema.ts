import { z } from "zod";
import { cpus, imageReference, memoryMb, seconds } from "../shared.schema.ts";

/** PgBouncer. Defaults: writing-servers guide, section 3.2 (tuned values), and the measured advice on retry and wait. */
export const pgbouncerSchema = z.strictObject({
  image: imageReference.optional(),
  /** Only transaction pooling: the servers keep no session state. */
  poolMode: z
    .literal("transaction", { error: 'only "transaction" is supported; remove the line' })
    .default("transaction"),
  /** Server connections per user. */
  defaultPoolSize: z.int().min(1).max(10_000).default(50),
  minPoolSize: z.int().min(0).max(10_000).default(0),
  reservePoolSize: z.int().min(0).max(10_000).default(20),
  /** Server connections to the database in all, whatever the pools would allow. */
  maxDbConnections: z.int().min(1).max(10_000).default(150),
  maxClientConnections: z.int().min(1).max(100_000).default(2000),
  maxPreparedStatements: z.int().min(1).max(10_000).default(200),
  serverIdleTimeoutSeconds: seconds(0, 86_400).default(600),
  serverLifetimeSeconds: seconds(0, 86_400).default(3600),
  serverConnectTimeoutSeconds: seconds(1, 600).default(15),
  /** The stock 15 s turns a 2.3 s crash of PostgreSQL into 15 s of downtime. */
  serverLoginRetrySeconds: seconds(1, 600).default(1),
  /** A client waits for a free server connection no longer than this. */
  queryWaitTimeoutSeconds: seconds(1, 600).default(15),
  /** 0: no limit here; roles carry statement timeouts. */
  queryTimeoutSeconds: seconds(0, 86_400).default(0),
  memoryMb: memoryMb.default(64),
  cpus: cpus.default(1),
});
export type PgBouncerSpec = z.output<typeof pgbouncerSchema>;
