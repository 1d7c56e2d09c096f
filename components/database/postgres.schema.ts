import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { cpus, imageReference, memoryMb, memorySize, port } from "../shared.schema.ts";

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

const certificate = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Certificates and white space, nothing else: a key in here would be a secret in plain text. */
function isBundle(text: string): boolean {
  const found = text.match(certificate) ?? [];
  if (found.length === 0 || /-----/.test(text.replaceAll(certificate, ""))) return false;
  try {
    return found.every((pem) => new X509Certificate(pem).ca);
  } catch {
    return false;
  }
}

const block = z.union([z.cidrv4(), z.cidrv6()]);
const isBlock = (text: string): boolean => block.safeParse(text).success;

const externalSchema = z.strictObject({
  host: z
    .string()
    .max(253, { error: "at most 253 characters" })
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/, {
      error: "a host name or IPv4 address without port, as in db.example.com",
    })
    .describe("Host name, as its certificate has it, or IPv4 address."),
  port: port.default(5432).describe("Port of PostgreSQL itself, not of a pooler before it."),
  tls: z
    .strictObject({
      mode: z
        .enum(["verify-full", "verify-ca", "require", "disable"], {
          error: "verify-full, verify-ca, require or disable",
        })
        .default("verify-full")
        .describe(
          "As libpq's sslmode. verify-ca: the certificate names another host. require: whoever answers is believed. disable: plain text, passwords still by SCRAM.",
        ),
      ca: z
        .string()
        .refine(isBundle, {
          error: "certificates of authorities in PEM form, without keys or anything else between",
        })
        .optional()
        .describe(
          "Certificates in PEM form that vouch for the server; for verify-full, verify-ca.",
        ),
    })
    .prefault({})
    .describe("How the connections of pooler, migrations and exporter are protected."),
  cidrs: z
    .array(z.string().refine(isBlock, { error: "an address block, as in 10.0.8.0/24" }))
    .min(1)
    .default(["0.0.0.0/0", "::/0"])
    .describe(
      "Where the network policies of a cluster let those three find it, on that port alone. Default: anywhere.",
    ),
});

export type ExternalPostgres = z.output<typeof externalSchema>;

/** PostgreSQL. Defaults: writing-servers guide, sections 2.1, 2.3 and 3.1. */
export const postgresSchema = z.strictObject({
  external: externalSchema
    .optional()
    .describe(
      "A PostgreSQL 17 or newer that somebody else runs, in place of ours. `name` is an empty database there, `owner` its owner, with CREATEROLE and pg_monitor to pass on; the owner's password is the stack's secret `mcp-fleet:databasePassword`, or `kubernetes.secrets.databasePassword`.",
    ),
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
