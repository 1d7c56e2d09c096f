import type { NetworkRole } from "../../../components/platform/platform.ts";
import type { FleetSpec } from "../../../infra/config/index.ts";
import { docker, objectsOf, type Container } from "./engine.ts";
import type { StateResource } from "./e2e-fleet.ts";

export interface Expected {
  readonly memoryMb: number;
  readonly networks: readonly NetworkRole[];
  /** Host ports; all others publish none. */
  readonly ports: readonly number[];
}

/** What each long-running container of a fleet must be, from the fleet file alone: component -> expectation. */
export function expectedWorkloads(spec: FleetSpec, grafana: boolean): Map<string, Expected> {
  const { gateway, monitoring } = spec;
  const part = (
    networks: readonly NetworkRole[],
    { memoryMb }: { readonly memoryMb: number },
    ports: readonly number[] = [],
  ): Expected => ({ memoryMb, networks, ports });
  return new Map<string, Expected>([
    ...spec.servers.map((server): [string, Expected] => [
      server.name,
      part(["mcp", "data", "obs"], server),
    ]),
    [
      "gateway",
      part(["edge", "mcp", "obs"], gateway, [
        gateway.port,
        ...spec.servers.map(({ port }) => port + gateway.serverPortOffset),
      ]),
    ],
    ["postgres", part(["db"], spec.postgres)],
    ["pgbouncer", part(["data", "db"], spec.pgbouncer)],
    ["postgres-exporter", part(["db", "obs"], monitoring.postgresExporter)],
    ["pgbouncer-exporter", part(["data", "obs"], monitoring.pgbouncerExporter)],
    ["prometheus", part(["edge", "obs"], monitoring.prometheus, [monitoring.prometheus.port])],
    [
      "alertmanager",
      part(["edge", "obs"], monitoring.alertmanager, [monitoring.alertmanager.port]),
    ],
    ...(grafana
      ? [["grafana", part(["edge", "obs"], monitoring.grafana, [monitoring.grafana.port])] as const]
      : []),
  ]);
}

/** Where a container is weaker than the rules for all of them, or another than expected: one line each. */
export function hardeningProblems(
  info: Container,
  expected: Expected,
  logging: FleetSpec["logging"],
): string[] {
  const { Config, HostConfig, NetworkSettings } = info;
  const published = Object.values(
    (HostConfig.PortBindings as Record<string, { HostIp: string; HostPort: string }[]> | null) ??
      {},
  ).flat();
  const networks = Object.keys(NetworkSettings.Networks).map((name) => name.split("-").at(-2));
  const facts: Record<string, [got: unknown, wanted: unknown]> = {
    user: [/^[1-9]\d{3,}:[1-9]\d{3,}$/.test(Config.User), true],
    privileged: [HostConfig.Privileged, false],
    readOnlyRoot: [HostConfig.ReadonlyRootfs, true],
    capabilitiesDropped: [HostConfig.CapDrop, ["ALL"]],
    capabilitiesAdded: [HostConfig.CapAdd ?? [], []],
    securityOptions: [HostConfig.SecurityOpt, ["no-new-privileges:true"]],
    memory: [HostConfig.Memory, expected.memoryMb * 1048576],
    memoryAndSwap: [HostConfig.MemorySwap, expected.memoryMb * 1048576],
    cpusBounded: [(HostConfig.NanoCpus ?? 0) > 0, true],
    logs: [
      HostConfig.LogConfig,
      {
        Type: "json-file",
        Config: {
          "max-file": String(logging.maxFiles),
          "max-size": `${logging.maxSizeMb}m`,
        },
      },
    ],
    restart: [HostConfig.RestartPolicy?.Name, "unless-stopped"],
    hasHealthCheck: [(Config.Healthcheck?.Test ?? []).length > 1, true],
    health: [info.State.Health?.Status, "healthy"],
    networks: [networks.sort(), [...expected.networks].sort()],
    ports: [published.map(({ HostPort }) => Number(HostPort)).sort(), [...expected.ports].sort()],
    loopbackOnly: [published.every(({ HostIp }) => HostIp === "127.0.0.1"), true],
    bindsOfTheHost: [(HostConfig.Binds ?? []).filter((bind) => bind.startsWith("/")), []],
  };
  return Object.entries(facts)
    .filter(([, [got, wanted]]) => JSON.stringify(got) !== JSON.stringify(wanted))
    .map(
      ([fact, [got, wanted]]) =>
        `${info.Name} ${fact}: ${JSON.stringify(got)} is not ${JSON.stringify(wanted)}`,
    );
}

/** Networks of a stack: role -> whether it leads outside. */
export async function networkRolesOf(stack: string): Promise<Record<string, string>> {
  const { networks } = await objectsOf(stack);
  const inspected = await Promise.all(
    networks.map(
      (id) => docker.getNetwork(id).inspect() as Promise<{ Name: string; Internal: boolean }>,
    ),
  );
  return Object.fromEntries(
    inspected.map(({ Name, Internal }) => [
      Name.split("-").at(-2),
      Internal ? "inside" : "outside",
    ]),
  ) as Record<string, string>;
}

interface Declared {
  readonly image: string;
  readonly user: string;
  readonly envs?: readonly string[];
  readonly command?: readonly string[];
  readonly stopSignal: string;
  readonly stopTimeout: number;
  readonly cpus: string;
  readonly memory: number;
  readonly healthcheck?: {
    readonly tests: readonly string[];
    readonly interval: string;
    readonly timeout: string;
    readonly retries: number;
    readonly startPeriod: string;
  };
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly labels: readonly { readonly label: string; readonly value: string }[];
  readonly volumes?: readonly {
    readonly volumeName: string;
    readonly containerPath: string;
    readonly readOnly?: boolean;
  }[];
}

interface StopConfig {
  readonly StopSignal?: string;
  readonly StopTimeout?: number;
}

/** Where a container is another one than its resource in the state declares: one line each. */
export async function declarationProblems(
  info: Container,
  resource: StateResource | undefined,
): Promise<string[]> {
  if (!resource) return [`${info.Name} is not in the state`];
  const declared = resource.inputs as unknown as Declared;
  const image = await docker.getImage(info.Image).inspect();
  const { HostConfig } = info;
  // Two settings that the typings do not know.
  const Config = info.Config as Container["Config"] & StopConfig;
  const own = declared.healthcheck;
  const health = own
    ? {
        Test: own.tests,
        Interval: nanoseconds(own.interval),
        Timeout: nanoseconds(own.timeout),
        StartPeriod: nanoseconds(own.startPeriod),
        Retries: own.retries,
      }
    : (image.Config as Container["Config"]).Healthcheck;
  const labels = Config.Labels;
  const facts: Record<string, [got: unknown, wanted: unknown]> = {
    image: [Config.Image, declared.image],
    user: [Config.User, declared.user],
    env: [(declared.envs ?? []).filter((entry) => !Config.Env.includes(entry)), []],
    command: [Config.Cmd ?? [], declared.command ?? image.Config.Cmd ?? []],
    stopSignal: [Config.StopSignal, declared.stopSignal],
    stopTimeout: [Config.StopTimeout, declared.stopTimeout],
    cpus: [HostConfig.NanoCpus, Math.round(Number(declared.cpus) * 1e9)],
    memory: [HostConfig.Memory, declared.memory * 1048576],
    health: [sortedEntries(Config.Healthcheck), sortedEntries(health)],
    tmpfs: [sortedEntries(HostConfig.Tmpfs ?? {}), sortedEntries(declared.tmpfs ?? {})],
    labels: [declared.labels.filter(({ label, value }) => labels[label] !== value), []],
    mounts: [
      info.Mounts.filter(({ Type }) => Type === "volume")
        .map(({ Name, Destination, RW }) => `${Name}:${Destination}:${RW ? "rw" : "ro"}`)
        .sort(),
      (declared.volumes ?? [])
        .map(
          ({ volumeName, containerPath, readOnly }) =>
            `${volumeName}:${containerPath}:${readOnly ? "ro" : "rw"}`,
        )
        .sort(),
    ],
  };
  return Object.entries(facts)
    .filter(([, [got, wanted]]) => JSON.stringify(got) !== JSON.stringify(wanted))
    .map(
      ([fact, [got, wanted]]) =>
        `${info.Name} ${fact}: ${JSON.stringify(got)} is not the declared ${JSON.stringify(wanted)}`,
    );
}

function sortedEntries(value: object | undefined): [string, unknown][] {
  return Object.entries(value ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A duration as Go prints it, as in `1m30s`. */
function nanoseconds(duration: string): number {
  const units: Record<string, number> = { h: 3600, m: 60, s: 1 };
  return [...duration.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]! * 1e9,
    0,
  );
}
