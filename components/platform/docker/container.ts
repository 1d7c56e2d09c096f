import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { JobArgs, NetworkRole, WorkloadArgs } from "../platform.ts";

export interface LogLimits {
  readonly maxSizeMb: number;
  readonly maxFiles: number;
}

export function logOptions(log: LogLimits): Record<string, string> {
  return { "max-file": String(log.maxFiles), "max-size": `${log.maxSizeMb}m` };
}

/** `KEY=value`, sorted by key: the engine keeps the order, and another order would be another container. */
export function envList(env: WorkloadArgs["env"]): pulumi.Output<string>[] {
  return Object.entries(env ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => pulumi.interpolate`${key}=${value}`);
}

/** Mode 1777, because the container's user differs from the root that makes the mount. */
export function tmpfsOptions(tmpfs: WorkloadArgs["tmpfs"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tmpfs ?? {}).map(([path, megabytes]) => [path, `size=${megabytes}m,mode=1777`]),
  );
}

/** Mounts of a job in the engine's `volume:path[:ro]` form. */
export function bindList(args: JobArgs): pulumi.Output<string>[] {
  return (args.mounts ?? []).map(
    ({ source, path }) =>
      pulumi.interpolate`${source.name}:${path}${source.kind === "files" ? ":ro" : ""}`,
  );
}

/** Seconds as Go prints a duration (90 -> `1m30s`): the form in which the plugin reads it back. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = seconds % 60;
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}

/** Cores as the plugin reads them back: `1` is `1.0`. */
function decimal(cores: number): string {
  return Number.isInteger(cores) ? cores.toFixed(1) : String(cores);
}

/**
 * Settings of a container whose change makes it another container. Name and labels are the caller's; memory is too,
 * because the engine changes it in place. What is empty is left out: the plugin reads it back as absent.
 */
export function containerDefinition(
  args: WorkloadArgs,
  networkName: (role: NetworkRole) => pulumi.Input<string>,
  log: LogLimits,
): Omit<docker.ContainerArgs, "name" | "labels" | "memory" | "memorySwap"> {
  const { command = [], publish = [], mounts = [], tmpfs = {}, health } = args;
  return {
    image: args.image.reference,
    envs: envList(args.env),
    user: args.user,
    readOnly: true,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    networksAdvanced: args.networks.map((role) => ({ name: networkName(role) })),
    cpus: decimal(args.cpus),
    logDriver: "json-file",
    logOpts: logOptions(log),
    restart: "unless-stopped",
    stopSignal: args.stop.signal,
    stopTimeout: args.stop.graceSeconds,
    destroyGraceSeconds: args.stop.graceSeconds,
    mustRun: true,
    ...(health && {
      healthcheck: {
        tests: ["CMD", ...health.command],
        interval: goDuration(health.intervalSeconds),
        timeout: goDuration(health.timeoutSeconds),
        retries: health.retries,
        startPeriod: goDuration(health.startPeriodSeconds),
      },
    }),
    ...(command.length > 0 && { command: [...command] }),
    ...(publish.length > 0 && {
      ports: [...publish]
        .sort((a, b) => a.port - b.port)
        .map(({ port, hostIp, hostPort }) => ({
          internal: port,
          external: hostPort,
          ip: hostIp,
          protocol: "tcp",
        })),
    }),
    ...(mounts.length > 0 && {
      volumes: mounts.map(({ source, path }) => ({
        volumeName: source.name,
        containerPath: path,
        readOnly: source.kind === "files",
      })),
    }),
    ...(Object.keys(tmpfs).length > 0 && { tmpfs: tmpfsOptions(tmpfs) }),
    ...(args.shmMb !== undefined && { shmSize: args.shmMb }),
  };
}
