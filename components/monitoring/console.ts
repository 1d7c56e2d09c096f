import type * as pulumi from "@pulumi/pulumi";
import type {
  Call,
  Image,
  LiveFilesArgs,
  Platform,
  Workload,
  WorkloadArgs,
} from "../platform/platform.ts";
import { goRuntimeEnv } from "./go-runtime.ts";
import { monitoringVolume } from "./names.ts";

/** A part of the monitoring that keeps data and shows a console: what is its own. */
export interface ConsoleArgs {
  /** Name of the workload and of its component; the image has a `<name>-ctl` that checks, reloads and verifies. */
  readonly name: string;
  readonly image: Image;
  readonly user: WorkloadArgs["user"];
  /** Port that it listens on inside. */
  readonly port: number;
  readonly calls: readonly Call[];
  /** As of a workload. */
  readonly discovers?: boolean;
  readonly spec: {
    /** Port of the console on loopback. */
    readonly port: number;
    readonly memoryMb: number;
    readonly cpus: number;
  };
  readonly files: LiveFilesArgs["files"];
  readonly configPath: string;
  readonly dataPath: string;
  /** Arguments of the image's entry point, for the address of the console. */
  readonly command: (url: string) => string[];
  readonly startPeriodSeconds: number;
}

/**
 * Configuration that changes by a reload, a volume that outlives every release, and one instance that is asked every
 * ten seconds and has a minute to write what it holds to disk.
 */
export function consoleWorkload(
  platform: Platform,
  args: ConsoleArgs,
  parent: { readonly parent: pulumi.Resource },
): { readonly workload: Workload; readonly url: string } {
  const { name, image, spec } = args;
  const published = { port: args.port, hostIp: "127.0.0.1", hostPort: spec.port };
  const url = platform.urlOf(name, published);
  const config = platform.liveFiles(
    `${name}-config`,
    {
      image,
      files: args.files,
      reader: name,
      owner: args.user,
      check: [`${name}-ctl`, "check", "{dir}"],
      reload: [`${name}-ctl`, "reload"],
      verify: [`${name}-ctl`, "verify"],
      mountPath: args.configPath,
    },
    parent,
  );
  const data = platform.dataVolume(monitoringVolume(name), parent);
  const workload = platform.workload(
    name,
    {
      component: name,
      image,
      command: args.command(url),
      env: goRuntimeEnv(spec),
      user: args.user,
      networks: ["edge", "obs"],
      listens: [{ port: args.port, network: "obs" }],
      calls: args.calls,
      ...(args.discovers && { discovers: true }),
      publish: [published],
      mounts: [
        { source: data, path: args.dataPath },
        { source: config, path: args.configPath },
      ],
      tmpfs: { "/tmp": 16 },
      memoryMb: spec.memoryMb,
      cpus: spec.cpus,
      health: {
        command: [`${name}-ctl`, "health"],
        intervalSeconds: 10,
        timeoutSeconds: 5,
        retries: 3,
        startPeriodSeconds: args.startPeriodSeconds,
      },
      stop: { signal: "SIGTERM", graceSeconds: 60 },
      strategy: "singleton",
    },
    parent,
  );
  return { workload, url };
}
