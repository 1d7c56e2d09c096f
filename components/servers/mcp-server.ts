import * as pulumi from "@pulumi/pulumi";
import type { Image, Platform, Workload } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { pgbouncerPort } from "../database/names.ts";
import { serverMetricsPort, type ServerSpec } from "./mcp-server.schema.ts";

export interface McpServerArgs {
  readonly platform: Platform;
  readonly spec: ServerSpec;
  readonly image: Image;
  /** Where and as whom the server reaches the database; no secrets. */
  readonly databaseEnv: Readonly<Record<string, pulumi.Input<string>>>;
  readonly databasePassword: pulumi.Input<string>;
  readonly environment: string;
  readonly logging: { readonly level: string; readonly format: string };
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** Directory in which a server finds its secrets, one file each. */
const secretsDirectory = "/run/secrets/fleet";

/** One MCP server; a changed one starts beside the old one. */
export class McpServer extends pulumi.ComponentResource {
  /** Host name of this very release of the server. */
  readonly address: pulumi.Output<string>;
  readonly workload: Workload;
  readonly resource: pulumi.CustomResource;

  constructor(name: string, args: McpServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:servers:McpServer", name, {}, opts);
    const { platform, spec, image } = args;
    const secrets = platform.files(
      `${spec.name}-secrets`,
      { image, files: { "database-password": args.databasePassword } },
      { parent: this },
    );
    const workload = platform.workload(
      spec.name,
      {
        component: spec.name,
        image,
        env: serverEnv(args),
        user: users["mcp-server"],
        networks: ["mcp", "data", "obs"],
        listens: [
          { port: spec.port, network: "mcp" },
          { port: serverMetricsPort, network: "obs" },
        ],
        calls: [{ network: "data", ports: [pgbouncerPort] }],
        mounts: [{ source: secrets, path: secretsDirectory }],
        tmpfs: { "/tmp": 16 },
        memoryMb: spec.memoryMb,
        cpus: spec.cpus,
        // An own image knows best how it is probed.
        ...(!spec.image && {
          health: {
            command: ["bash", "/app/health.sh"],
            ...spec.health,
            http: { port: spec.port, ready: "/ready", live: "/live" },
          },
        }),
        // The server ends by itself once drained; the rest is for closing sockets and the pool.
        stop: { signal: "SIGTERM", graceSeconds: spec.drainSeconds + 5 },
        strategy: "beside",
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    this.address = workload.address;
    this.workload = workload;
    this.resource = workload.resource;
    this.registerOutputs({ address: this.address });
  }
}

/** Environment of a server: what the fleet sets last wins, so that no entry of `env` can break it. */
function serverEnv(
  args: Pick<McpServerArgs, "spec" | "image" | "databaseEnv" | "environment" | "logging">,
): Record<string, pulumi.Input<string>> {
  const { spec, logging } = args;
  return {
    ...spec.env,
    NODE_ENV: "production",
    ENVIRONMENT: args.environment,
    // What `/info` reports. The image alone: a server that a release leaves unchanged must not be replaced by it.
    RELEASE: pulumi.output(args.image.reference).apply((image) => image.split("/").pop()!),
    SERVER_NAME: spec.name,
    SERVER_DOMAIN: spec.domain,
    PORT: String(spec.port),
    METRICS_PORT: String(serverMetricsPort),
    LOG_LEVEL: logging.level,
    LOG_FORMAT: logging.format,
    DRAIN_SECONDS: String(spec.drainSeconds),
    SESSION_IDLE_SECONDS: String(spec.sessionIdleSeconds),
    SESSION_MAX: String(spec.sessionMax),
    DATABASE_POOL_SIZE: String(spec.poolSize),
    ...args.databaseEnv,
  };
}
