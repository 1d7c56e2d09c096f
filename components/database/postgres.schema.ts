import { z } from "zod";
import { cpus, imageReference, memoryMb, memorySize } from "../shared.schema.ts";

const identifier = z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, {
  error:
    "a PostgreSQL identifier: lower-case letters, digits and underscores, starting with a letter",
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
  image: imageReference
    .optional()
    .describe("Own PostgreSQL 17 image; default: built from `images/postgres`."),
  name: identifier.default("mcp_series").describe("Database of all servers."),
  owner: identifier
    .default("writer")
    .describe("Owner of the database and user of the migrations; no superuser."),
  maxConnections: z
    .int()
    .min(20)
    .max(10_000)
    .default(200)
    .describe("Connections in all. Pooler, direct and superuser connections must fit into it."),
  superuserReservedConnections: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe("Kept free for superusers."),
  directConnections: z
    .int()
    .min(5)
    .max(1000)
    .default(20)
    .describe("Direct connections besides the pooler: migrations, exporter, operators."),
  sharedBuffers: memorySize.default("256MB").describe("Needs a restart; the preview shows it."),
  effectiveCacheSize: memorySize
    .default("1GB")
    .describe("What the planner may assume to be cached by PostgreSQL and the system together."),
  maintenanceWorkMem: memorySize.default("128MB").describe("Memory of one VACUUM or CREATE INDEX."),
  workMem: memorySize
    .default("4MB")
    .describe("Memory of one sort or hash, of which a query may have several."),
  walBuffers: memorySize
    .default("16MB")
    .describe("Write-ahead log not yet on disk. Needs a restart."),
  checkpointCompletionTarget: z
    .number()
    .min(0.1)
    .max(1)
    .default(0.9)
    .describe("Share of the checkpoint interval over which its writes are spread."),
  maxWorkerProcesses: z
    .int()
    .min(0)
    .max(1024)
    .default(4)
    .describe("Background workers in all. Needs a restart."),
  maxParallelWorkersPerGather: z
    .int()
    .min(0)
    .max(1024)
    .default(2)
    .describe("Workers of one query; taken from maxWorkerProcesses."),
  effectiveIoConcurrency: z
    .int()
    .min(0)
    .max(1000)
    .default(200)
    .describe("Simultaneous reads that the disk serves well; 200 for SSDs."),
  fsync: alwaysOn("fsync").describe("Always on: off loses every server's data after a crash."),
  fullPageWrites: alwaysOn("full_page_writes").describe(
    "Always on: off corrupts pages that were half written.",
  ),
  synchronousCommit: alwaysOn("synchronous_commit").describe(
    "Always on: off loses acknowledged writes after a crash.",
  ),
  memoryMb: memoryMb
    .default(768)
    .describe("Memory limit, MiB. Must hold sharedBuffers, maintenanceWorkMem and 64 MiB more."),
  cpus: cpus.default(2).describe("CPU limit, cores."),
});
export type PostgresSpec = z.output<typeof postgresSchema>;
