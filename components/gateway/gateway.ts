import * as pulumi from "@pulumi/pulumi";
import type { Platform, PublishedPort, Workload } from "../platform/platform.ts";
import { users } from "../platform/users.ts";
import { renderClientConfig, renderVsCodeConfig } from "./client-config.ts";
import {
  backendName,
  gatewayPorts,
  gatewayProblems,
  type GatewayBackend,
  type GatewayRoute,
  type TokenHash,
} from "./gateway-routes.ts";
import type { GatewaySpec } from "./gateway.schema.ts";
import { gatewayFiles, renderHaproxy, renderTokenMap, type GatewayFile } from "./haproxy.render.ts";
import { clientTokens, type GivenTokens, type TokenPair } from "./tokens.ts";

export interface GatewayServer {
  readonly name: string;
  /** Port that the server listens on, and its own port at the gateway. */
  readonly port: number;
  /**
   * Generated host names of the running release, one for each of its copies: two releases of a server never share one.
   * One that is not there yet, or no more, does no harm.
   */
  readonly addresses: pulumi.Input<readonly string[]>;
  /**
   * Host names of copies that come and go with the load.
   *
   * @default - none
   */
  readonly elastic?: pulumi.Input<readonly string[]>;
  /**
   * Share of what is new while the release moves over in steps, 0-256. `gateway-ctl weights` changes it later.
   *
   * @default 100
   */
  readonly weight?: number;
  /**
   * The release before, while this one takes over: it keeps its sessions, and what is new goes there only while this
   * release can take no calls. One that is gone does no harm.
   *
   * @default - none
   */
  readonly draining?: readonly DrainingServer[];
}

interface DrainingServer {
  /** Its generated host names. Those of the running release are ignored. */
  readonly addresses: pulumi.Input<readonly string[]>;
  /**
   * Share of what is new while the release moves over in steps, 0-256.
   *
   * @default 0
   */
  readonly weight?: number;
}

export interface GatewayArgs {
  readonly platform: Platform;
  readonly spec: GatewaySpec;
  readonly servers: readonly GatewayServer[];
  /**
   * Tokens that replace generated ones.
   *
   * @default - every token is generated
   */
  readonly tokens?: GivenTokens;
  /** Routes do not move before these are there: the private gate of a release. */
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** A client's request may go on for this long when the gateway stops; streams that last longer are cut. */
const stopGraceSeconds = 30;

/**
 * The only way in: HAProxy with one route per server. New routes, tokens and limits are reloaded into the running
 * container; only another set of published ports, an image or a size replaces it.
 */
export class Gateway extends pulumi.ComponentResource {
  /** Where all servers are reached: `<url>/<server>/mcp`. */
  readonly url: string;
  /** Server name -> MCP endpoint. */
  readonly serverUrls: Readonly<Record<string, string>>;
  /** `mcp.json` without tokens. */
  readonly clientConfig: string;
  /** `.vscode/mcp.json` without tokens. */
  readonly vsCodeConfig: string;
  /** Client name -> primary and backup token; always secret. */
  readonly tokens: pulumi.Output<Record<string, TokenPair>>;
  readonly workload: Workload;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:gateway:Gateway", name, {}, opts);
    const { platform, spec, servers } = args;
    this.rejectProblems(name, spec, servers);

    const tokens = clientTokens(
      name,
      {
        clients: spec.clients.map((client) => client.name),
        ...(args.tokens === undefined ? {} : { given: args.tokens }),
      },
      { parent: this },
    );
    const image = platform.image("haproxy", spec.image);
    const files = platform.liveFiles(
      `${name}-files`,
      {
        image,
        files: renderedFiles(spec, servers, tokens.hashes),
        reader: "gateway",
        owner: users.haproxy,
        check: ["gateway-ctl", "check", "{dir}"],
        reload: ["gateway-ctl", "reload"],
        verify: ["gateway-ctl", "verify"],
        mountPath: "/etc/haproxy",
      },
      { parent: this, ...(args.dependsOn && { dependsOn: args.dependsOn }) },
    );
    const after = [files.ready, ...(args.dependsOn ?? [])];
    const container = {
      image,
      user: users.haproxy,
      mounts: [{ source: files, path: "/etc/haproxy" }],
      tmpfs: { "/run/haproxy": 1, "/tmp": 8 },
      memoryMb: spec.memoryMb,
    };
    // Two gateways cannot hold the published ports: the old one goes before the new one comes. So what the new one is
    // made of is tried beside it first; a change of routes, tokens or limits alone is not, the running one judges that.
    const trial = platform.job(
      "gateway-trial",
      {
        ...container,
        component: "gateway-trial",
        command: ["gateway-ctl", "trial"],
        networks: ["mcp"],
        timeoutSeconds: 60,
      },
      { parent: this, dependsOn: after },
    );
    this.workload = platform.workload(
      "gateway",
      {
        ...container,
        component: "gateway",
        networks: ["edge", "mcp", "obs"],
        listens: [{ port: gatewayPorts.metrics, network: "obs" }],
        calls: [{ network: "mcp", ports: servers.map(({ port }) => port).sort((a, b) => a - b) }],
        audience: "clients",
        copies: "many",
        publish: publishedPorts(spec, servers),
        cpus: spec.cpus,
        health: {
          command: ["gateway-ctl", "health"],
          intervalSeconds: 5,
          timeoutSeconds: 5,
          retries: 3,
          startPeriodSeconds: 10,
        },
        stop: { signal: "SIGUSR1", graceSeconds: stopGraceSeconds },
        strategy: "singleton",
      },
      { parent: this, dependsOn: [trial.resource, ...after] },
    );

    this.url = platform.urlOf("gateway", publicPort(spec));
    const endpoints = servers.map((server) => ({
      name: server.name,
      url: `${this.url}/${server.name}/mcp`,
    }));
    this.serverUrls = Object.fromEntries(endpoints.map((server) => [server.name, server.url]));
    this.clientConfig = renderClientConfig(endpoints);
    this.vsCodeConfig = renderVsCodeConfig(endpoints);
    this.tokens = tokens.secrets;
    this.registerOutputs({
      url: this.url,
      serverUrls: this.serverUrls,
      clientConfig: this.clientConfig,
      tokens: this.tokens,
    });
  }

  /** Before anything is created, because a throw inside `apply` comes when half of it exists. */
  private rejectProblems(name: string, spec: GatewaySpec, servers: readonly GatewayServer[]): void {
    const routes = servers.map((server) => ({
      server: server.name,
      port: server.port,
      backends: [],
    }));
    const problems = gatewayProblems(spec, routes);
    if (problems.length > 0) {
      throw new pulumi.ResourceError(
        `${name} has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`,
        this,
        true,
      );
    }
  }
}

/** The files with hashes of tokens are secret; the others show in a preview's diff. */
function renderedFiles(
  spec: GatewaySpec,
  servers: readonly GatewayServer[],
  hashes: pulumi.Output<TokenHash[]>,
): Record<GatewayFile, pulumi.Output<string>> {
  const rendered = pulumi
    .all(
      servers.map(({ addresses, elastic = [], draining = [] }) =>
        pulumi.all([
          pulumi.output(addresses),
          pulumi.output(elastic),
          ...draining.map((before) => pulumi.output(before.addresses)),
        ]),
      ),
    )
    .apply((addresses) =>
      renderHaproxy({
        spec,
        routes: servers.map((server, index) => route(server, addresses[index] ?? [])),
        tokens: [],
      }),
    );
  const files = gatewayFiles.map((file) => [
    file,
    file === "tokens.map" ? hashes.apply(renderTokenMap) : rendered.apply((all) => all[file]),
  ]);
  return Object.fromEntries(files) as Record<GatewayFile, pulumi.Output<string>>;
}

/** Addresses: those of the running release, its elastic ones, then those that drain. */
function route(
  server: GatewayServer,
  [live = [], elastic = [], ...before]: readonly (readonly string[])[],
): GatewayRoute {
  const { name, port, weight = 100, draining = [] } = server;
  const backends: GatewayBackend[] = [
    ...live.map((address) => backend(address, port, weight)),
    ...elastic.map((address) => ({ ...backend(address, port, weight), elastic: true })),
  ];
  before.forEach((addresses, index) => {
    for (const address of addresses) {
      if (backends.some((other) => other.address === address)) continue;
      backends.push({ ...backend(address, port, draining[index]?.weight ?? 0), draining: true });
    }
  });
  return { server: name, port, backends };
}

function backend(address: string, port: number, weight: number): GatewayBackend {
  return { name: backendName(address), address, port, weight };
}

/** Docker cannot add a port to a running container: a server more or less replaces it, other changes do not. */
function publishedPorts(spec: GatewaySpec, servers: readonly GatewayServer[]) {
  const own = spec.serverPorts
    ? servers
        .map(({ port }) => port)
        .sort((a, b) => a - b)
        .map((port) => ({ port, hostIp: "127.0.0.1", hostPort: port + spec.serverPortOffset }))
    : [];
  return [publicPort(spec), ...own];
}

function publicPort({ bind, port }: GatewaySpec): PublishedPort {
  return { port: gatewayPorts.public, hostIp: bind, hostPort: port };
}
