import * as pulumi from "@pulumi/pulumi";
import type {
  FilesArgs,
  LiveFilesArgs,
  Platform,
  WorkloadArgs,
} from "../../../components/platform/platform.ts";

/** What a component asked the platform for, by name. */
export interface Asked {
  readonly images: Map<string, string | undefined>;
  readonly files: Map<string, FilesArgs>;
  readonly liveFiles: Map<string, LiveFilesArgs>;
  readonly volumes: string[];
  readonly workloads: Map<string, WorkloadArgs>;
}

class Made extends pulumi.CustomResource {
  constructor(type: string, name: string, parent: pulumi.Resource) {
    super(`test:index:${type}`, name, {}, { parent });
  }
}

/** Platform that records what it is asked for; each thing becomes a child of the component that asked. */
export function recordingPlatform(): { platform: Platform; asked: Asked } {
  const asked: Asked = {
    images: new Map(),
    files: new Map(),
    liveFiles: new Map(),
    volumes: [],
    workloads: new Map(),
  };
  const child = (type: string, name: string, parent: pulumi.Resource) =>
    new pulumi.ComponentResource(`test:index:${type}`, name, {}, { parent });
  const platform: Platform = {
    image: (name, override) => {
      asked.images.set(name, override);
      return { reference: override ?? `built/${name}` };
    },
    foreignImage: (reference) => ({ reference }),
    files: (name, args, { parent }) => {
      asked.files.set(name, args);
      return { kind: "files", name, ready: child("Files", name, parent) };
    },
    liveFiles: (name, args, { parent }) => {
      asked.liveFiles.set(name, args);
      return { kind: "files", name, ready: child("LiveFiles", name, parent) };
    },
    dataVolume: (name) => {
      asked.volumes.push(name);
      return { kind: "data", name };
    },
    workload: (name, args, { parent }) => {
      asked.workloads.set(name, args);
      return {
        address: pulumi.output(`host-${name}`),
        endpoints: pulumi.output([`host-${name}`]),
        resource: new Made("Workload", name, parent),
      };
    },
    job: () => {
      throw new Error("monitoring runs no jobs");
    },
    addressOf: (singleton) => `host-${singleton}`,
    urlOf: (_, { hostIp, hostPort }) => `http://${hostIp}:${hostPort}`,
  };
  return { platform, asked };
}

/** The one value of a map that must have exactly this key. */
export function only<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (map.size !== 1 || value === undefined) {
    throw new Error(`expected ${name} alone, got ${[...map.keys()].join(", ") || "nothing"}`);
  }
  return value;
}

export function value<T>(output: pulumi.Input<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => pulumi.output(output).apply((resolved) => resolve(resolved)));
}
