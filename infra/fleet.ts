import * as pulumi from "@pulumi/pulumi";
import { DatabaseCredentials } from "../components/database/credentials.ts";
import { PgBouncerExporter, PostgresExporter } from "../components/database/exporters.ts";
import { Migrations } from "../components/database/migrations.ts";
import { PgBouncer } from "../components/database/pgbouncer.ts";
import { Postgres } from "../components/database/postgres.ts";
import { serverDatabaseEnv } from "../components/database/server-env.ts";
import { targetOf } from "../components/database/target.ts";
import { Gateway } from "../components/gateway/gateway.ts";
import type { GivenTokens } from "../components/gateway/tokens.ts";
import type { ReceiverSecrets } from "../components/monitoring/alertmanager.ts";
import { whereaboutsOf } from "../components/monitoring/prometheus.ts";
import {
  gatewayTarget,
  pgbouncerTarget,
  postgresTarget,
  serverTarget,
} from "../components/monitoring/scrape-target.ts";
import type { SecretSource } from "../components/health/secrets.ts";
import { allEndpointsOf } from "../components/platform/transport.ts";
import type { Platform, Workload } from "../components/platform/platform.ts";
import { McpServer } from "../components/servers/mcp-server.ts";
import { serverMetricsPort, type ServerSpec } from "../components/servers/mcp-server.schema.ts";
import type { FleetSpec } from "./config/index.ts";
import { makeMonitoring, type FleetMonitoring } from "./fleet-monitoring.ts";
import type { GuardedPart, ReleaseGates } from "./release-gates.ts";

export interface FleetArgs {
  readonly platform: Platform;
  readonly spec: FleetSpec;
  /** Tokens that the stack brings; default: all are generated. */
  readonly tokens?: GivenTokens;
  /** Secrets of receivers of alerts. */
  readonly receivers?: ReceiverSecrets;
  /** Password of the owner of an external database. */
  readonly databasePassword?: string | undefined;
  /** Whether Grafana's image can be had. */
  readonly grafana: boolean;
  /**
   * What Grafana shows, and one that the platform has beside it: file name -> dashboard.
   *
   * @default none
   */
  readonly dashboards?: Readonly<Record<string, string>>;
  readonly gates: ReleaseGates;
}

/** The whole fleet, composed in release order: data, servers, gateway, and what watches them. */
export class Fleet extends pulumi.ComponentResource {
  readonly gateway: Gateway;
  readonly monitoring: FleetMonitoring;
  /** Secrets that probes name. */
  readonly secret: SecretSource;

  constructor(name: string, args: FleetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:index:Fleet", name, {}, opts);
    const { platform, spec } = args;
    const child = { parent: this };
    const serverImage = platform.image("mcp-server");

    const credentials = new DatabaseCredentials(
      "credentials",
      { servers: spec.servers.map((server) => server.name), owner: args.databasePassword },
      child,
    );
    const postgres = spec.postgres.external
      ? undefined
      : new Postgres("postgres", { platform, spec: spec.postgres, credentials }, child);
    const target = targetOf(spec.postgres, platform.addressOf("postgres"));
    const migrations = new Migrations(
      "migrations",
      {
        platform,
        image: serverImage,
        spec: spec.postgres,
        pooler: spec.pgbouncer,
        servers: spec.servers,
        credentials,
        target,
        ...(postgres && { dependsOn: [postgres.resource] }),
      },
      child,
    );
    const pgbouncer = new PgBouncer(
      "pgbouncer",
      {
        platform,
        spec: spec.pgbouncer,
        database: spec.postgres.name,
        target,
        credentials,
        // The role that it looks up others with gets its password there.
        dependsOn: [migrations.resource],
      },
      child,
    );

    const servers = this.#servers(args, (server, dependsOn) => {
      const databaseEnv = serverDatabaseEnv(server.name, pgbouncer.address, spec.postgres);
      return new McpServer(
        server.name,
        {
          platform,
          spec: server,
          image: server.image ? platform.foreignImage(server.image) : serverImage,
          databaseEnv,
          databasePassword: credentials.login(databaseEnv["DATABASE_USER"]!),
          environment: spec.environment,
          logging: spec.logging,
          dependsOn: [pgbouncer.resource, ...dependsOn],
        },
        child,
      );
    });

    const part = (
      made: Pick<Workload, "resource" | "elastic"> & Partial<Pick<Workload, "endpoints">>,
      address: GuardedPart["address"],
    ): GuardedPart => ({
      address,
      id: made.resource.id,
      ...(made.endpoints && { endpoints: made.endpoints }),
      ...(made.elastic && { elastic: made.elastic }),
    });
    const parts = {
      ...(postgres && { postgres: part(postgres, postgres.address) }),
      pgbouncer: part(pgbouncer, pgbouncer.address),
      ...Object.fromEntries(
        [...servers].map(([server, { workload }]) => [server, part(workload, workload.address)]),
      ),
    };
    const privateGate = args.gates.private(parts, [
      ...(postgres ? [postgres] : []),
      ...[pgbouncer, ...servers.values()],
    ]);

    this.gateway = new Gateway(
      "gateway",
      {
        platform,
        spec: spec.gateway,
        servers: spec.servers.map(({ name: server, port }) => {
          const { endpoints, elastic } = servers.get(server)!.workload;
          return {
            ...{ name: server, port },
            addresses: endpoints,
            ...(elastic && { elastic }),
            weight: args.gates.firstStep,
            draining: draining(args.gates, server),
          };
        }),
        ...(args.tokens && { tokens: args.tokens }),
        // Routes move to servers that were proven, not to servers that are about to run.
        dependsOn: [privateGate],
      },
      child,
    );

    const { workload: gateway } = this.gateway;

    const postgresExporter = new PostgresExporter(
      "postgres-exporter",
      {
        platform,
        ...spec.monitoring.postgresExporter,
        password: credentials.exporter,
        target,
        database: spec.postgres.name,
        dependsOn: [migrations.resource],
      },
      child,
    );
    const pgbouncerExporter = new PgBouncerExporter(
      "pgbouncer-exporter",
      {
        platform,
        ...spec.monitoring.pgbouncerExporter,
        password: credentials.stats,
        target: pgbouncer.address,
        dependsOn: [pgbouncer.resource],
      },
      child,
    );
    this.monitoring = makeMonitoring(
      {
        platform,
        spec,
        targets: [
          ...spec.servers.map((server) =>
            serverTarget(
              server,
              whereaboutsOf(servers.get(server.name)!.workload),
              serverMetricsPort,
            ),
          ),
          gatewayTarget(whereaboutsOf(gateway)),
          postgresTarget(postgresExporter.address),
          pgbouncerTarget(pgbouncerExporter.address),
        ],
        receivers: args.receivers ?? {},
        grafana: args.grafana,
        dashboards: args.dashboards ?? {},
      },
      child,
    );
    args.gates.public(
      {
        ...parts,
        gateway: part(this.gateway.workload, this.gateway.workload.address),
        ...this.monitoring.guarded,
      },
      [this.gateway, postgresExporter, pgbouncerExporter, ...this.monitoring.made],
    );
    const { tokens } = this.gateway;
    this.secret = ({ kind, of }) =>
      kind === "token"
        ? resolved(tokens.apply((pairs) => pairs[of]?.primary ?? ""))
        : resolved(credentials.login(of));
    this.registerOutputs({});
  }

  /** Servers in the order of their dependencies; configuration has refused cycles. */
  #servers(
    { spec }: FleetArgs,
    make: (server: ServerSpec, dependsOn: pulumi.Resource[]) => McpServer,
  ): Map<string, McpServer> {
    const made = new Map<string, McpServer>();
    const visit = (server: ServerSpec): McpServer => {
      const known = made.get(server.name);
      if (known) return known;
      const dependsOn = server.dependsOn.map(
        (name) => visit(spec.servers.find((other) => other.name === name)!).resource,
      );
      const component = make(server, dependsOn);
      made.set(server.name, component);
      return component;
    };
    spec.servers.forEach(visit);
    return made;
  }
}

/** The server before, while this release takes over. */
function draining({ before, firstStep }: ReleaseGates, server: string) {
  const target = before[server];
  return target === undefined
    ? []
    : [{ addresses: allEndpointsOf(target), weight: 100 - firstStep }];
}

function resolved(value: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve) => value.apply(resolve));
}
