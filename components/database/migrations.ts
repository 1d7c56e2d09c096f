import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { schemaOf } from "../servers/mcp-server.schema.ts";
import type { DatabaseCredentials } from "./credentials.ts";
import { fixedLimits } from "./fixed-limits.ts";
import { databaseRoles } from "./names.ts";
import type { PgBouncerSpec } from "./pgbouncer.schema.ts";
import type { PostgresSpec } from "./postgres.schema.ts";
import { renderRoles } from "./roles.render.ts";
import { caFile, caFiles, callOf, type DatabaseTarget } from "./target.ts";

export interface MigrationsArgs {
  readonly platform: Platform;
  /** Image of the reference server: the migrations are inside, so another one runs them again. */
  readonly image: Image;
  readonly spec: PostgresSpec;
  readonly pooler: PgBouncerSpec;
  readonly servers: readonly { readonly name: string; readonly domain: string }[];
  readonly credentials: DatabaseCredentials;
  readonly target: DatabaseTarget;
  /** Our own PostgreSQL, where there is one. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

const inputDirectory = "/run/secrets/migrations";

/** Roles, schemas and tables of all servers; goes straight to PostgreSQL and ends before any server starts. */
export class Migrations extends pulumi.ComponentResource {
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: MigrationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:Migrations", name, {}, opts);
    const { platform, image, spec, credentials, target } = args;
    const servers = args.servers.map((server) => ({
      name: server.name,
      domain: server.domain,
      schema: schemaOf(server.name),
      activeLogin: "a" as const,
    }));
    const input = platform.files(
      "migrations-input",
      {
        image,
        files: {
          ...credentials.logins,
          [databaseRoles.exporter]: credentials.exporter,
          [databaseRoles.lookup]: credentials.lookup,
          owner: credentials.owner,
          "roles.json": renderRoles(servers, args.pooler, spec),
          ...caFiles(target),
        },
      },
      { parent: this },
    );
    const job = platform.job(
      "migrations",
      {
        component: "migrations",
        image,
        command: ["node", "/app/migrate.mjs"],
        env: {
          DATABASE_HOST: target.host,
          DATABASE_NAME: spec.name,
          DATABASE_PASSWORD_FILE: `${inputDirectory}/owner`,
          DATABASE_PORT: String(target.port),
          ...tlsEnv(target),
          DATABASE_USER: spec.owner,
          ROLES_FILE: `${inputDirectory}/roles.json`,
          ROLE_PASSWORDS_DIR: inputDirectory,
        },
        user: users["mcp-server"],
        networks: ["db"],
        calls: [callOf(target)],
        mounts: [{ source: input, path: inputDirectory }],
        ...fixedLimits.migrations,
        timeoutSeconds: 180,
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    this.resource = job.resource;
    this.registerOutputs({});
  }
}

function tlsEnv({ tls: { mode, ca } }: DatabaseTarget): Record<string, string> {
  if (mode === "disable") return {};
  return {
    DATABASE_TLS_MODE: mode,
    ...(ca !== undefined && { DATABASE_TLS_CA_FILE: `${inputDirectory}/${caFile}` }),
  };
}
