import type { core } from "@pulumi/kubernetes/types/input.js";
import type * as pulumi from "@pulumi/pulumi";
import type { JobArgs, Mount, WorkloadArgs } from "../platform.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";

type PodSpec = core.v1.PodSpec;
type Container = core.v1.Container;
type Volume = core.v1.Volume;
type VolumeMount = core.v1.VolumeMount;

/** Live files are mounted below their mount path, where an engine that has links would have one. */
const liveFolder = "current";

export interface PodArgs extends Pick<
  WorkloadArgs,
  "component" | "image" | "env" | "user" | "mounts" | "tmpfs" | "memoryMb" | "shmMb"
> {
  /** Replaces the image's entry point. */
  readonly command?: readonly pulumi.Input<string>[];
  /** Arguments of the entry point. */
  readonly args?: readonly pulumi.Input<string>[];
  /** Cores, at most. */
  readonly cpus: number;
  readonly health?: WorkloadArgs["health"];
  readonly graceSeconds: number;
  /** Seconds between the notice that a pod goes and its stop signal: those who call it have to hear of it first. */
  readonly preStopSeconds?: number;
  readonly restartPolicy: "Always" | "Never";
  /**
   * Account whose token it has.
   *
   * @default - none: it cannot ask the API server anything
   */
  readonly account?: string;
  /** Whether the pods of it are to be on different nodes, by these labels. */
  readonly spreadBy?: Readonly<Record<string, string>>;
}

/** Sources that this platform made: what is live is read below a folder of its own. */
export interface LiveMountSource {
  readonly live: true;
}

/** A pod that the `restricted` standard lets in: no root, nothing writable but memory and data, no capabilities. */
export function podSpec(args: PodArgs, settings: KubernetesSettings): PodSpec {
  const [uid, gid] = args.user.split(":").map(Number) as [number, number];
  const { mounts = [], tmpfs = {}, shmMb } = args;
  const places = [
    ...mounts.map((mount, index) => mounted(mount, index)),
    ...Object.entries(tmpfs).map(([path, megabytes], index) =>
      memory(`tmp-${index}`, path, megabytes),
    ),
    ...(shmMb === undefined ? [] : [memory("shm", "/dev/shm", shmMb)]),
  ];
  return {
    automountServiceAccountToken: args.account !== undefined,
    ...(args.account !== undefined && { serviceAccountName: args.account }),
    enableServiceLinks: false,
    restartPolicy: args.restartPolicy,
    terminationGracePeriodSeconds: args.graceSeconds + (args.preStopSeconds ?? 0),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      // Files of Secrets belong to root: the group makes them readable.
      fsGroup: gid,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    ...(Object.keys(settings.nodeSelector).length > 0 && { nodeSelector: settings.nodeSelector }),
    ...(settings.priorityClassName && { priorityClassName: settings.priorityClassName }),
    ...(settings.images.pullSecret && {
      imagePullSecrets: [{ name: settings.images.pullSecret }],
    }),
    ...(args.spreadBy && {
      topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
        (topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: { ...args.spreadBy } },
        }),
      ),
    }),
    containers: [container(args, settings, places)],
    ...(places.length > 0 && { volumes: places.map(({ volume }) => volume) }),
  };
}

function container(
  args: PodArgs,
  settings: KubernetesSettings,
  places: readonly Place[],
): Container {
  const env = Object.entries(args.env ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: args.component,
    image: args.image.reference,
    imagePullPolicy: "IfNotPresent",
    ...(args.command && { command: [...args.command] }),
    ...(args.args && args.args.length > 0 && { args: [...args.args] }),
    ...(env.length > 0 && { env: env.map(([name, value]) => ({ name, value })) }),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    resources: resourcesOf(args, settings),
    ...(args.health && probes(args.health)),
    ...(args.preStopSeconds && {
      lifecycle: { preStop: { sleep: { seconds: args.preStopSeconds } } },
    }),
    ...(places.length > 0 && { volumeMounts: places.map(({ mount }) => mount) }),
  };
}

/** What one pod asks of the scheduler and may use, as a quota counts it. */
export function resourcesOf(
  { cpus, memoryMb }: Pick<PodArgs, "cpus" | "memoryMb">,
  { cpuRequestPercent }: Pick<KubernetesSettings, "cpuRequestPercent">,
) {
  const memory = `${memoryMb}Mi`;
  return {
    requests: { cpu: milli((cpus * cpuRequestPercent) / 100), memory },
    limits: { cpu: milli(cpus), memory },
  };
}

/**
 * Readiness as an engine's health check would ask; a pod that only stops being ready is not started again. Liveness is
 * asked only where the workload has an answer that does not depend on others.
 */
function probes(health: NonNullable<WorkloadArgs["health"]>): Partial<Container> {
  const { command, http, intervalSeconds, timeoutSeconds, retries, startPeriodSeconds } = health;
  const common = { timeoutSeconds: Math.ceil(timeoutSeconds) };
  return {
    // Until it is ready for the first time it is asked every second: nobody waits for the next round.
    startupProbe: {
      ...common,
      ...(http
        ? { httpGet: { path: http.live, port: http.port } }
        : { exec: { command: [...command] } }),
      periodSeconds: 1,
      failureThreshold: Math.max(30, startPeriodSeconds + retries * intervalSeconds),
    },
    readinessProbe: {
      ...common,
      ...(http
        ? { httpGet: { path: http.ready, port: http.port } }
        : { exec: { command: [...command] } }),
      periodSeconds: http ? Math.min(5, intervalSeconds) : intervalSeconds,
      failureThreshold: retries,
    },
    ...(http && {
      livenessProbe: {
        ...common,
        httpGet: { path: http.live, port: http.port },
        periodSeconds: intervalSeconds,
        failureThreshold: retries,
      },
    }),
  };
}

interface Place {
  readonly volume: Volume;
  readonly mount: VolumeMount;
}

function mounted({ source, path }: Mount, index: number): Place {
  const name = `mount-${index}`;
  if (source.kind === "data") {
    return {
      volume: { name, persistentVolumeClaim: { claimName: source.name } },
      mount: { name, mountPath: path },
    };
  }
  const live = (source as Partial<LiveMountSource>).live === true;
  return {
    volume: { name, secret: { secretName: source.name, defaultMode: 0o440 } },
    mount: { name, mountPath: live ? `${path}/${liveFolder}` : path, readOnly: true },
  };
}

function memory(name: string, path: string, megabytes: number): Place {
  return {
    volume: { name, emptyDir: { medium: "Memory", sizeLimit: `${megabytes}Mi` } },
    mount: { name, mountPath: path },
  };
}

/** Cores as the API server writes them back: `1`, `250m`. */
function milli(cores: number): string {
  const value = Math.max(1, Math.round(cores * 1000));
  return value % 1000 === 0 ? String(value / 1000) : `${value}m`;
}

/** Cores that a job may use. */
export const jobCpus = 1;

/** A job's pod: it is not asked how it is, and not started again. */
export function jobPod(args: JobArgs): PodArgs {
  const { command, ...rest } = args;
  return { ...rest, command, cpus: jobCpus, graceSeconds: 10, restartPolicy: "Never" };
}
