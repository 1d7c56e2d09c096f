import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import type { DatabaseCredentials } from "./credentials.ts";
import { databaseRoles, pgbouncerPort, statsUser } from "./names.ts";
import { pgbouncerPaths, renderPgBouncerIni, renderUserlist } from "./pgbouncer.render.ts";
import type { PgBouncerSpec } from "./pgbouncer.schema.ts";
import { caFiles, callOf, type DatabaseTarget } from "./target.ts";

export interface PgBouncerArgs {
  readonly platform: Platform;
  readonly spec: PgBouncerSpec;
  /** Name of the database. */
  readonly database: string;
  readonly target: DatabaseTarget;
  readonly credentials: DatabaseCredentials;
  /** What must be there before logins can work: the migrations. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** PgBouncer; the only way of the servers to the database. */
export class PgBouncer extends pulumi.ComponentResource {
  /** Host name on the networks `data` and `db`. */
  readonly address: string;
  readonly resource: pulumi.CustomResource;
  readonly image: Image;

  constructor(name: string, args: PgBouncerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:database:PgBouncer", name, {}, opts);
    const { platform, spec, database, target, credentials } = args;
    this.image = platform.image("pgbouncer", spec.image);
    const config = platform.liveFiles(
      "pgbouncer-config",
      {
        image: this.image,
        files: {
          "pgbouncer.ini": renderPgBouncerIni(spec, { ...target, database }),
          ...caFiles(target),
          "userlist.txt": pulumi
            .all({ [databaseRoles.lookup]: credentials.lookup, [statsUser]: credentials.stats })
            .apply(renderUserlist),
        },
        reader: "pgbouncer",
        owner: users.pgbouncer,
        check: ["pgbouncer-ctl", "check", "{dir}"],
        reload: ["pgbouncer-ctl", "reload"],
        verify: ["pgbouncer-ctl", "verify"],
        mountPath: pgbouncerPaths.mount,
      },
      { parent: this },
    );
    const workload = platform.workload(
      "pgbouncer",
      {
        component: "pgbouncer",
        image: this.image,
        user: users.pgbouncer,
        networks: ["data", "db"],
        listens: [{ port: pgbouncerPort, network: "data" }],
        calls: [callOf(target)],
        mounts: [{ source: config, path: pgbouncerPaths.mount }],
        // The second one holds the throwaway pooler that judges a new configuration.
        tmpfs: { [pgbouncerPaths.sockets]: 1, "/tmp": 4 },
        memoryMb: spec.memoryMb,
        cpus: spec.cpus,
        // Ends once running transactions have ended; SIGTERM would wait for idle clients as well, which never leave.
        stop: { signal: "SIGINT", graceSeconds: 45 },
        strategy: "singleton",
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    this.address = platform.addressOf("pgbouncer");
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address });
  }
}
