import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { fixedLimits } from "./fixed-limits.ts";
import { databaseRoles, pgbouncerPort, statsUser } from "./names.ts";
import { caFile, caFiles, callOf, type DatabaseTarget } from "./target.ts";

interface ExporterArgs {
  readonly platform: Platform;
  readonly image?: string | undefined;
  readonly memoryMb: number;
  readonly password: pulumi.Input<string>;
  readonly dependsOn?: readonly pulumi.Resource[];
}

export interface PostgresExporterArgs extends ExporterArgs {
  readonly target: DatabaseTarget;
  /** Name of the database. */
  readonly database: string;
}

export interface PgBouncerExporterArgs extends ExporterArgs {
  /** Host name of PgBouncer. */
  readonly target: string;
}

const postgresExporterPort = 9187;
const pgbouncerExporterPort = 9127;

const secretsDirectory = "/run/secrets/exporter";

/**
 * Patience of an exporter with what it measures, seconds. The name of a container that has stopped takes the engine 5 s
 * and more to deny, several times in one scrape: without a limit, the scrape itself ends in a timeout, Prometheus never
 * hears that the database is down, and PostgresDown cannot fire (seen: 10 to 19 s, and no answer within 30 s).
 */
const connectSeconds = 1;

/** Metrics of PostgreSQL. It connects directly: through the pooler it would measure the pooler. */
export class PostgresExporter extends pulumi.ComponentResource {
  /** Host name on the network `obs`. */
  readonly address: string;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: PostgresExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:PostgresExporter", name, {}, opts);
    const { platform, target } = args;
    const image = platform.image("postgres-exporter", args.image);
    const secrets = secretFiles("postgres-exporter", args, image, this, caFiles(target));
    const workload = platform.workload(
      "postgres-exporter",
      {
        component: "postgres-exporter",
        image,
        command: [
          `--web.listen-address=:${postgresExporterPort}`,
          "--collector.long_running_transactions",
          "--collector.stat_checkpointer",
        ],
        env: {
          DATA_SOURCE_PASS_FILE: `${secretsDirectory}/password`,
          DATA_SOURCE_URI: `${target.host}:${target.port}/${args.database}?${tlsWords(target)}&connect_timeout=${connectSeconds}&application_name=postgres_exporter`,
          DATA_SOURCE_USER: databaseRoles.exporter,
        },
        user: users["postgres-exporter"],
        networks: ["db", "obs"],
        listens: [{ port: postgresExporterPort, network: "obs" }],
        calls: [callOf(target)],
        mounts: [{ source: secrets, path: secretsDirectory }],
        memoryMb: args.memoryMb,
        ...fixedLimits.exporter,
        stop: { signal: "SIGTERM", graceSeconds: 5 },
        strategy: "singleton",
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    this.address = platform.addressOf("postgres-exporter");
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address });
  }
}

/** Metrics of PgBouncer, from its statistics console. */
export class PgBouncerExporter extends pulumi.ComponentResource {
  /** Host name on the network `obs`. */
  readonly address: string;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: PgBouncerExporterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:PgBouncerExporter", name, {}, opts);
    const { platform } = args;
    const image = platform.image("pgbouncer-exporter", args.image);
    const secrets = secretFiles("pgbouncer-exporter", args, image, this);
    const workload = platform.workload(
      "pgbouncer-exporter",
      {
        component: "pgbouncer-exporter",
        image,
        command: [`--web.listen-address=:${pgbouncerExporterPort}`],
        env: {
          PASSWORD_FILE: `${secretsDirectory}/password`,
          PGBOUNCER_EXPORTER_CONNECTION_STRING: `postgres://${statsUser}@${args.target}:${pgbouncerPort}/pgbouncer?sslmode=disable&connect_timeout=${connectSeconds}`,
          PGPASSFILE: "/run/exporter/pgpass",
        },
        user: users["pgbouncer-exporter"],
        networks: ["data", "obs"],
        listens: [{ port: pgbouncerExporterPort, network: "obs" }],
        calls: [{ network: "data", ports: [pgbouncerPort] }],
        mounts: [{ source: secrets, path: secretsDirectory }],
        tmpfs: { "/run/exporter": 1 },
        memoryMb: args.memoryMb,
        ...fixedLimits.exporter,
        stop: { signal: "SIGTERM", graceSeconds: 5 },
        strategy: "singleton",
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    this.address = platform.addressOf("pgbouncer-exporter");
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address });
  }
}

function tlsWords({ tls: { mode, ca } }: DatabaseTarget): string {
  return `sslmode=${mode}${ca === undefined ? "" : `&sslrootcert=${secretsDirectory}/${caFile}`}`;
}

function secretFiles(
  name: string,
  args: ExporterArgs,
  image: Image,
  parent: pulumi.Resource,
  more: Readonly<Record<string, string>> = {},
) {
  return args.platform.files(
    `${name}-secrets`,
    { image, files: { password: args.password, ...more } },
    { parent },
  );
}
