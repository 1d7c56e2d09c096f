import type { ContainerInspectInfo } from "dockerode";
import { fillNestedZeros } from "../../bridge/normalise.ts";
import { sortSet } from "../../bridge/set-order.ts";
import { isObject, isZero, UNKNOWN, type Properties, type Value } from "../../bridge/values.ts";
import { objects, text } from "../state.ts";
import { formatDuration } from "../validate.ts";
import { cpusText } from "./create-options.ts";
import { containerFields } from "./schema.ts";

const MIB = 1024 * 1024;

/** Members of the engine's answer that the client's types leave out. */
type Inspected = ContainerInspectInfo & {
  readonly NetworkSettings: { readonly Bridge?: string };
  readonly Config: {
    readonly Healthcheck?: { readonly StartInterval?: number };
    readonly StopSignal?: string;
    readonly StopTimeout?: number | null;
  };
};

/**
 * The engine's view of a container in the plugin's terms.
 *
 * What the engine does not report, or reports mixed with what the image says, stays as `known` has
 * it: environment, labels, volumes, uploads, networks, and how to start, wait and remove.
 *
 * @param known the planned state right after creation, the old state on a refresh
 * @param fresh right after creation collections that nobody set are null, later they are empty
 */
export function observe(info: ContainerInspectInfo, known: Properties, fresh: boolean): Properties {
  const state = observed(info as Inspected, known);
  for (const [name, field] of Object.entries(containerFields)) {
    const value = state[name];
    if (fresh && field.computed !== true && isZero(value) && known[name] === null) {
      if (typeof value === "object") state[name] = null;
    }
    if (value === UNKNOWN) state[name] = unsetComputed(name);
  }
  return fresh ? state : fillNestedZeros(containerFields, state);
}

/** A property that the plugin may fill in, and did not: lists are empty, the rest is null. */
function unsetComputed(name: string): Value {
  const field = containerFields[name];
  const isCollection = field?.kind === "list" || field?.kind === "set";
  return isCollection && field.single !== true ? [] : null;
}

function observed(info: Inspected, known: Properties): Properties {
  const { Config: config, HostConfig: host, NetworkSettings: network, State: running } = info;
  const stopped = !running.Running;
  const wantsPorts = !isZero(known.ports) && (!stopped || known.mustRun === true);
  return {
    ...base(known),
    attach: known.attach ?? false,
    bridge: network.Bridge ?? "",
    ...(hasCapabilities(host) && {
      capabilities: { adds: texts(host.CapAdd).sort(), drops: texts(host.CapDrop).sort() },
    }),
    command: [...(config.Cmd ?? [])],
    cpuSet: host.CpusetCpus ?? "",
    cpuShares: host.CpuShares ?? 0,
    ...((host.NanoCpus ?? 0) > 0 && { cpus: cpusText(host.NanoCpus ?? 0) }),
    deviceReadBps: [],
    deviceReadIops: [],
    deviceWriteBps: [],
    deviceWriteIops: [],
    dns: texts(host.Dns),
    dnsOpts: texts(host.DnsOptions),
    dnsSearches: texts(host.DnsSearch),
    domainname: config.Domainname,
    entrypoints: [config.Entrypoint ?? []].flat(),
    exitCode: stopped ? running.ExitCode : (known.exitCode ?? null),
    groupAdds: texts(host.GroupAdd),
    ...healthcheck(config.Healthcheck),
    hostname: config.Hostname,
    hosts: hosts(host.ExtraHosts),
    // A digest was asked for, so a digest is compared; the engine keeps both.
    image: text(known.image).startsWith("sha256:") ? info.Image : config.Image,
    init: host.Init ?? false,
    ipcMode: host.IpcMode ?? "",
    logDriver: host.LogConfig?.Type ?? "",
    logOpts: isZero(known.logOpts) ? {} : textMembers(host.LogConfig?.Config),
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    memory: mebibytes(host.Memory),
    memoryReservation: mebibytes(host.MemoryReservation),
    memorySwap: mebibytes(host.MemorySwap),
    mounts: [],
    // A container that ought to run and does not is reported as a change that starts it.
    mustRun: stopped && known.mustRun === true ? false : (known.mustRun ?? null),
    name: info.Name.replace(/^\/+/, ""),
    networkDatas: networkDatas(network.Networks),
    networkMode: host.NetworkMode ?? "",
    platform: info.Platform,
    ...(wantsPorts && { ports: publishedPorts(network.Ports, known.ports) }),
    privileged: host.Privileged ?? false,
    publishAllPorts: host.PublishAllPorts ?? false,
    readOnly: host.ReadonlyRootfs ?? false,
    restart: host.RestartPolicy?.Name ?? "no",
    rm: host.AutoRemove ?? false,
    runtime: host.Runtime ?? "",
    securityOpts: texts(host.SecurityOpt).sort(),
    shmSize: mebibytes(host.ShmSize),
    stdinOpen: config.OpenStdin,
    stopSignal: config.StopSignal ?? "",
    stopTimeout: config.StopTimeout ?? 0,
    storageOpts: textMembers(host.StorageOpt),
    sysctls: textMembers(host.Sysctls),
    tmpfs: textMembers(host.Tmpfs),
    tty: config.Tty,
    user: config.User,
    usernsMode: host.UsernsMode ?? "",
    workingDir: config.WorkingDir,
  };
}

/** Every property, as known; on an import nothing is known and single objects are null. */
function base(known: Properties): Properties {
  const result: Properties = {};
  for (const [name, field] of Object.entries(containerFields)) {
    const empty =
      (field.kind === "set" || field.kind === "list") && field.single !== true ? [] : null;
    result[name] = known[name] ?? (name in known ? known[name] : empty) ?? null;
  }
  return result;
}

type Host = ContainerInspectInfo["HostConfig"];

function hasCapabilities(host: Host): boolean {
  return texts(host.CapAdd).length > 0 || texts(host.CapDrop).length > 0;
}

type EngineHealthcheck = Inspected["Config"]["Healthcheck"];

function healthcheck(value: EngineHealthcheck): Properties {
  if (value === undefined) return {};
  return {
    healthcheck: {
      interval: formatDuration(value.Interval ?? 0),
      retries: value.Retries ?? 0,
      startInterval: formatDuration(value.StartInterval ?? 0),
      startPeriod: formatDuration(value.StartPeriod ?? 0),
      tests: value.Test ?? [],
      timeout: formatDuration(value.Timeout ?? 0),
    },
  };
}

function hosts(extra: unknown): Value[] {
  const pairs = texts(extra).map((entry) => {
    const colon = entry.indexOf(":");
    return { host: entry.slice(0, colon), ip: entry.slice(colon + 1) };
  });
  return sortSet(pairs, containerFields.hosts?.element);
}

function publishedPorts(
  ports: ContainerInspectInfo["NetworkSettings"]["Ports"] | null,
  known: Value | undefined,
): Value[] {
  const published: Properties[] = [];
  const keys = Object.keys(ports ?? {}).sort((a, b) => Number.parseInt(a) - Number.parseInt(b));
  for (const key of keys) {
    const [internal, protocol] = key.split("/");
    for (const binding of ports?.[key] ?? []) {
      published.push({
        external: Number(binding.HostPort),
        internal: Number(internal),
        ip: binding.HostIp,
        protocol: protocol ?? "tcp",
      });
    }
  }
  return withoutDoubles(published, objects(known));
}

/** Some engines list a port published on every address once more for IPv6: that one was not asked for. */
function withoutDoubles(published: Properties[], asked: Properties[]): Properties[] {
  if (published.length <= asked.length) return published;
  return published.filter((port) => port.ip !== "::" || asked.some((wish) => wish.ip === "::"));
}

function networkDatas(networks: ContainerInspectInfo["NetworkSettings"]["Networks"]): Value[] {
  return Object.keys(networks)
    .sort()
    .map((networkName) => {
      const data = networks[networkName];
      return {
        gateway: data?.Gateway ?? "",
        globalIpv6Address: data?.GlobalIPv6Address ?? "",
        globalIpv6PrefixLength: data?.GlobalIPv6PrefixLen ?? 0,
        ipAddress: data?.IPAddress ?? "",
        ipPrefixLength: data?.IPPrefixLen ?? 0,
        ipv6Gateway: data?.IPv6Gateway ?? "",
        macAddress: data?.MacAddress ?? "",
        networkName,
      };
    });
}

function mebibytes(bytes: number | undefined): number {
  return bytes !== undefined && bytes > 0 ? Math.floor(bytes / MIB) : (bytes ?? 0);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function textMembers(value: unknown): Properties {
  return isObject(value as Value) ? { ...(value as Properties) } : {};
}
