import * as pulumi from "@pulumi/pulumi";
import type {
  FilesArgs,
  JobArgs,
  LiveFilesArgs,
  Platform,
  WorkloadArgs,
} from "../../../components/platform/platform.ts";

/** What components asked the platform for, by name. */
export interface Asked {
  readonly files: Map<string, FilesArgs>;
  readonly liveFiles: Map<string, LiveFilesArgs>;
  readonly volumes: string[];
  readonly workloads: Map<string, WorkloadArgs>;
  readonly jobs: Map<string, JobArgs>;
  /** Names of what each workload or job waits for. */
  readonly waits: Map<string, readonly pulumi.Resource[]>;
}

class Made extends pulumi.CustomResource {
  constructor(type: string, name: string, parent: pulumi.Resource) {
    super(`test:index:${type}`, name, {}, { parent });
  }
}

/**
 * Platform that records what it is asked for; each thing becomes a child of the component that asked.
 *
 * @param prefix of the addresses.
 */
export function recordingPlatform(prefix: string): { platform: Platform; asked: Asked } {
  const asked: Asked = {
    files: new Map(),
    liveFiles: new Map(),
    volumes: [],
    workloads: new Map(),
    jobs: new Map(),
    waits: new Map(),
  };
  const child = (type: string, name: string, parent: pulumi.Resource) =>
    new pulumi.ComponentResource(`test:index:${type}`, name, {}, { parent });
  const platform: Platform = {
    image: (name, override) => ({ reference: override ?? `built/${name}` }),
    foreignImage: (reference) => ({ reference }),
    dataVolume: (name, { parent }) => {
      asked.volumes.push(name);
      child("DataVolume", name, parent);
      return { kind: "data", name };
    },
    files: (name, args, { parent }) => {
      asked.files.set(name, args);
      return { kind: "files", name, ready: child("Files", name, parent) };
    },
    liveFiles: (name, args, { parent }) => {
      asked.liveFiles.set(name, args);
      return { kind: "files", name, ready: child("LiveFiles", name, parent) };
    },
    workload: (name, args, { parent, dependsOn = [] }) => {
      asked.workloads.set(name, args);
      asked.waits.set(name, dependsOn);
      return {
        address: pulumi.output(`${prefix}-${name}`),
        endpoints: pulumi.output([`${prefix}-${name}`]),
        resource: new Made("Workload", name, parent),
      };
    },
    job: (name, args, { parent, dependsOn = [] }) => {
      asked.jobs.set(name, args);
      asked.waits.set(name, dependsOn);
      return { resource: new Made("Job", name, parent) };
    },
    addressOf: (singleton) => `${prefix}-${singleton}`,
    urlOf: (_, { hostIp, hostPort }) => `http://${hostIp}:${hostPort}`,
  };
  return { platform, asked };
}

/** What is recorded under a name. */
export function get<T>(map: ReadonlyMap<string, T>, name: string): T {
  const found = map.get(name);
  if (found === undefined) {
    throw new Error(`nothing named ${name}, only ${[...map.keys()].join(", ") || "nothing"}`);
  }
  return found;
}

export function value<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => pulumi.output(output).apply((resolved) => resolve(resolved)));
}

/** Mocks that note `type name` of everything registered and answer passwords that tell what they are for. */
export async function recordResources(created: string[]): Promise<void> {
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        created.push(`${type} ${name}`);
        const state = inputs as Record<string, unknown>;
        const made = type === "random:index/randomPassword:RandomPassword";
        return {
          id: `${name}-id`,
          state: made ? { ...state, result: `made-up-for-${name}` } : state,
        };
      },
      call: ({ token }) => {
        throw new Error(`unexpected call of ${token}`);
      },
    },
    "fleet",
    "test",
    false,
  );
}
