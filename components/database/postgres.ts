import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import type { DatabaseCredentials } from "./credentials.ts";
import { postgresPort, postgresVolume } from "./names.ts";
import { postgresArguments, postgresFiles } from "./postgres.render.ts";
import type { PostgresSpec } from "./postgres.schema.ts";

export interface PostgresArgs {
  readonly platform: Platform;
  readonly spec: PostgresSpec;
  readonly credentials: DatabaseCredentials;
}

const secretsDirectory = "/run/secrets/postgres";
const configDirectory = "/etc/postgresql";

/** Named by the major version: another version never starts on these files. */
const dataDirectory = "/var/lib/postgresql/17";

/** PostgreSQL 17 with its data; one, for the data cannot be opened twice. */
export class Postgres extends pulumi.ComponentResource {
  /** Host name on the network `db`. */
  readonly address: string;
  readonly resource: pulumi.CustomResource;
  readonly image: Image;

  constructor(name: string, args: PostgresArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:Postgres", name, {}, opts);
    const { platform, spec, credentials } = args;
    this.image = platform.image("postgres", spec.image);
    const parent = { parent: this };
    const data = platform.dataVolume(postgresVolume, parent);
    const secrets = platform.files(
      "postgres-secrets",
      { image: this.image, files: { owner: credentials.owner } },
      parent,
    );
    const config = platform.liveFiles(
      "postgres-config",
      {
        image: this.image,
        files: postgresFiles(spec),
        reader: "postgres",
        owner: users.postgres,
        check: ["postgres-ctl", "check", "{dir}"],
        reload: ["postgres-ctl", "reload"],
        verify: ["postgres-ctl", "verify"],
        mountPath: configDirectory,
      },
      parent,
    );
    const workload = platform.workload(
      "postgres",
      {
        component: "postgres",
        image: this.image,
        command: postgresArguments(spec),
        env: {
          OWNER_PASSWORD_FILE: `${secretsDirectory}/owner`,
          POSTGRES_DATABASE: spec.name,
          POSTGRES_OWNER: spec.owner,
        },
        user: users.postgres,
        networks: ["db"],
        listens: [{ port: postgresPort, network: "db" }],
        mounts: [
          { source: data, path: dataDirectory },
          { source: secrets, path: secretsDirectory },
          { source: config, path: configDirectory },
        ],
        tmpfs: { "/run/postgresql": 1, "/tmp": 16 },
        memoryMb: spec.memoryMb,
        cpus: spec.cpus,
        // Room for parallel workers; shared buffers are elsewhere.
        shmMb: 128,
        // A fast shutdown still writes a checkpoint; a killed server has to recover.
        stop: { signal: "SIGINT", graceSeconds: 120 },
        strategy: "singleton",
      },
      parent,
    );
    this.address = platform.addressOf("postgres");
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address });
  }
}
