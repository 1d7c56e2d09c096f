import { z } from "zod";
import { cpus, imageReference, memoryMb, memorySize } from "../shared.schema.ts";

const identifier = z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, {
  error: "a PostgreSQL identifier: lower-case letters, digits and underscores, starting with a letter",
});

/** `on` only: off risks the data of every server after a crash. */
const alwaysOn = (name: string) =>
  z
    .union([z.literal("on"), z.literal(true)], {
      error: `${name} protects every acknowledged write; only "on" is allowed, remove the line`,
    })
    .transform(() => "on" as const)
    .default("on");

/** PostgreSQL. Defaults: writing-servers guide, sections 2.1, 2.3 and 3.1. */
export const postgresSchema = z.strictObject({
  image: imageReference.optional(),
  /** Database of all servers. */
  name: identifier.default("mcp_series"),
  /** Owner of the database and user of the migrations; no superuser. */
  owner: identifier.default("writer"),
  maxConnections: z.int().min(20).max(10_000).default(200),
  /** Kept free for superusers. */
  superuserReservedConnections: z.int().min(1).max(100).default(3),
  /** Direct connections besides the pooler: migrations, exporter, operators. */
  directConnections: z.int().min(5).max(1000).default(20),
  /** Needs a restart; the preview shows it. */
  sharedBuffers: memorySize.default("256MB"),
  effectiveCacheSize: memorySize.default("1GB"),
  maintenanceWorkMem: memorySize.default("128MB"),
  workMem: memorySize.default("4MB"),
  walBuffers: memorySize.default("16MB"),
  checkpointCompletionTarget: z.number().min(0.1).max(1).default(0.9),
  maxWorkerProcesses: z.int().min(0).max(1024).default(4),
  maxParallelWorkersPerGather: z.int().min(0).max(1024).default(2),
  effectiveIoConcurrency: z.int().min(0).max(1000).default(200),
  fsync: alwaysOn("fsync"),
  fullPageWrites: alwaysOn("full_page_writes"),
  synchronousCommit: alwaysOn("synchronous_commit"),
  memoryMb: memoryMb.default(768),
  cpus: cpus.default(2),
});
export type PostgresSpec = z.output<typeof postgresSchema>;
