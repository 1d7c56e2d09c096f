import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { isObject, UNKNOWN, type Properties, type Value } from "../../bridge/values.ts";
import { labelMap } from "../labels.ts";
import { compact, flag, number, objects, text, textMap, texts } from "../state.ts";
import { parseDuration } from "../validate.ts";

const MIB = 1024 * 1024;

type PortBindings = Record<string, { HostIp: string; HostPort: string }[]>;

/** What the engine is asked to create for a planned state. */
export function createOptions(planned: Properties): ContainerCreateOptions {
  const ports = portMaps(planned);
  return compact({
    name: text(planned.name),
    Image: text(planned.image),
    Hostname: known(planned.hostname),
    Env: knownTexts(planned.envs),
    Cmd: knownTexts(planned.command),
    Entrypoint: knownTexts(planned.entrypoints),
    User: text(planned.user) || undefined,
    WorkingDir: text(planned.workingDir) || undefined,
    Labels: labelMap(planned.labels),
    StopSignal: known(planned.stopSignal),
    StopTimeout: number(planned.stopTimeout) > 0 ? number(planned.stopTimeout) : undefined,
    ExposedPorts: ports.exposed,
    Volumes: anonymousVolumes(planned),
    Healthcheck: healthcheck(planned.healthcheck),
    HostConfig: hostConfig(planned, ports.bindings),
  });
}

function hostConfig(planned: Properties, portBindings: PortBindings | undefined): HostConfig {
  const capabilities = isObject(planned.capabilities) ? planned.capabilities : {};
  const logDriver = known(planned.logDriver) ?? "";
  const logOpts = textMap(planned.logOpts);
  const swap = number(planned.memorySwap);
  return compact({
    RestartPolicy: { Name: text(planned.restart), MaximumRetryCount: 0 },
    ReadonlyRootfs: flag(planned.readOnly),
    LogConfig: { Type: logDriver, Config: logOpts },
    Tmpfs: isObject(planned.tmpfs) ? textMap(planned.tmpfs) : undefined,
    PortBindings: portBindings,
    ExtraHosts: nonEmpty(
      objects(planned.hosts).map((host) => `${text(host.host)}:${text(host.ip)}`),
    ),
    Binds: nonEmpty(binds(planned)),
    CapAdd: nonEmpty(texts(capabilities.adds)),
    CapDrop: nonEmpty(texts(capabilities.drops)),
    SecurityOpt: knownTexts(planned.securityOpts),
    Memory: number(planned.memory) * MIB || undefined,
    MemorySwap: swap > 0 ? swap * MIB : swap || undefined,
    ShmSize: number(planned.shmSize) * MIB || undefined,
    NanoCpus: nanoCpus(text(planned.cpus)),
    NetworkMode: text(planned.networkMode) || undefined,
    Init: flag(planned.init),
  });
}

/** CPUs as in "0.5", in billionths, without the error of floating point. */
export function nanoCpus(cpus: string): number | undefined {
  if (cpus === "") return undefined;
  const [whole, fraction = ""] = cpus.split(".");
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, "0"));
}

/**
 * Billionths of a CPU as the official plugin writes them: with nine decimals, of which one is kept when nine digits of
 * the text are zeros ("1.0", "0.5"), and else all but trailing zeros ("0.25").
 */
export function cpusText(nano: number): string {
  const text = `${Math.floor(nano / 1e9)}.${String(nano % 1e9).padStart(9, "0")}`;
  const zeros = text.split("0").length - 1;
  if (zeros !== 9) return text.replace(/0+$/, "");
  const tenths = Math.round(nano / 1e8);
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

function healthcheck(value: Value | undefined): ContainerCreateOptions["Healthcheck"] {
  if (!isObject(value)) return undefined;
  const time = (member: Value | undefined) => parseDuration(text(member)) ?? 0;
  return {
    Test: texts(value.tests),
    Interval: time(value.interval),
    Timeout: time(value.timeout),
    StartPeriod: time(value.startPeriod),
    Retries: number(value.retries),
  };
}

function binds(planned: Properties): string[] {
  return objects(planned.volumes).flatMap((volume) => {
    const source = text(volume.hostPath) || text(volume.volumeName);
    const path = text(volume.containerPath);
    return source === "" ? [] : [`${source}:${path}:${flag(volume.readOnly) ? "ro" : "rw"}`];
  });
}

function anonymousVolumes(planned: Properties): ContainerCreateOptions["Volumes"] {
  const paths = objects(planned.volumes).map((volume) => text(volume.containerPath));
  return paths.length === 0 ? undefined : Object.fromEntries(paths.map((path) => [path, {}]));
}

function portMaps(planned: Properties) {
  const exposed: Record<string, object> = {};
  const bindings: PortBindings = {};
  for (const port of objects(planned.ports)) {
    const key = `${number(port.internal)}/${text(port.protocol)}`;
    exposed[key] = {};
    (bindings[key] ??= []).push({
      HostIp: text(port.ip),
      HostPort: String(number(port.external)),
    });
  }
  const any = Object.keys(exposed).length > 0;
  return { exposed: any ? exposed : undefined, bindings: any ? bindings : undefined };
}

function known(value: Value | undefined): string | undefined {
  return value === UNKNOWN || text(value) === "" ? undefined : text(value);
}

function knownTexts(value: Value | undefined): string[] | undefined {
  return nonEmpty(texts(value));
}

function nonEmpty(items: string[]): string[] | undefined {
  return items.length === 0 ? undefined : items;
}
