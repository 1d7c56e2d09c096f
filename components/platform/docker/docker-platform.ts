import { createHash } from "node:crypto";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { labelsFor, type ReleaseIdentity } from "../labels.ts";
import {
  networkRoles,
  type ChildOptions,
  type DataVolume,
  type Files,
  type FilesArgs,
  type Image,
  type ImageName,
  type Job,
  type JobArgs,
  type LiveFilesArgs,
  type Mount,
  type NetworkRole,
  type Parent,
  type Platform,
  type PublishedPort,
  type Workload,
  type WorkloadArgs,
} from "../platform.ts";
import { revisionOf } from "../revision.ts";
import { bindList, containerDefinition, envList, logOptions, tmpfsOptions } from "./container.ts";
import { contentTag } from "./images.ts";
import { JobResource } from "./job.ts";
import { LiveFilesResource } from "./live-files.ts";
import { publishedUrl } from "./published-url.ts";

export interface DockerPlatformArgs {
  readonly identity: ReleaseIdentity;
  /** Absolute path of the project. */
  readonly rootDir: string;
  /** Build context of each image, relative to the project. */
  readonly contextOf: (image: ImageName) => string;
  /** Base image of everything that is built here. */
  readonly baseImage: string;
  /** Networks with a way out, beside `edge`. */
  readonly routed?: readonly NetworkRole[];
  readonly log: { readonly maxSizeMb: number; readonly maxFiles: number };
}

/** One machine with a Docker engine. */
export class DockerPlatform extends pulumi.ComponentResource implements Platform {
  readonly #args: DockerPlatformArgs;
  readonly #prefix: string;
  readonly #networks: Readonly<Record<NetworkRole, docker.Network>>;
  readonly #images = new Map<string, Image>();

  constructor(name: string, args: DockerPlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:platform:Docker", name, {}, opts);
    this.#args = args;
    // Names are unique per engine, not per stack: they carry the stack.
    this.#prefix = `mcp-fleet-${args.identity.stack}`;
    const routed: readonly NetworkRole[] = ["edge", ...(args.routed ?? [])];
    const network = (role: NetworkRole) => {
      const resource = `${this.#prefix}-${role}`;
      return new docker.Network(
        resource,
        { internal: !routed.includes(role), labels: this.#labels(resource, "network", role) },
        { parent: this, ignoreChanges: ["labels"] },
      );
    };
    this.#networks = Object.fromEntries(
      networkRoles.map((role) => [role, network(role)]),
    ) as Record<NetworkRole, docker.Network>;
    this.registerOutputs({});
  }

  addressOf(singleton: string): string {
    return `${this.#prefix}-${singleton}`;
  }

  urlOf(_singleton: string, published: PublishedPort): string {
    return publishedUrl(published);
  }

  image(name: ImageName, override?: string): Image {
    if (override) return this.foreignImage(override);
    return this.#once(name, () => {
      const context = this.#args.contextOf(name);
      const { baseImage } = this.#args;
      const tag = contentTag(join(this.#args.rootDir, context), baseImage);
      return new docker.RemoteImage(
        `image-${name}`,
        {
          name: `mcp-fleet/${name}:${tag}`,
          build: { context, buildArgs: { BASE: baseImage } },
          // The old release's image is what a rollback needs.
          keepLocally: true,
        },
        { parent: this, deleteBeforeReplace: false },
      );
    });
  }

  foreignImage(reference: string): Image {
    return this.#once(reference, () => {
      const id = createHash("sha256").update(reference).digest("hex").slice(0, 8);
      return new docker.RemoteImage(
        `image-${id}`,
        { name: reference, keepLocally: true },
        { parent: this },
      );
    });
  }

  #once(key: string, make: () => docker.RemoteImage): Image {
    const image = this.#images.get(key) ?? { reference: make().name };
    this.#images.set(key, image);
    return image;
  }

  dataVolume(name: string, { parent }: Parent): DataVolume {
    const resource = `${this.#prefix}-${name}`;
    const volume = new docker.Volume(
      resource,
      { name: resource, labels: this.#labels(resource, name, resource) },
      { parent, protect: true, retainOnDelete: true, ignoreChanges: ["labels"] },
    );
    return { kind: "data", name: volume.name };
  }

  files(name: string, args: FilesArgs, { parent }: Parent): Files {
    const resource = `${this.#prefix}-${name}`;
    const content = filesJson(args.files);
    // A new id, and with it a new volume, exactly when the content changes. The keeper stays secret in the state.
    const version = new random.RandomId(
      `${resource}-version`,
      { byteLength: 4, keepers: { content: content.apply(sha256) } },
      { parent },
    );
    const volumeName = pulumi.interpolate`${resource}-${version.hex}`;
    const volume = new docker.Volume(
      resource,
      {
        name: volumeName,
        labels: volumeName.apply((volume) => this.#labels(resource, name, volume)),
      },
      { parent, deleteBeforeReplace: false },
    );
    const writer = this.#writer(resource, name, args.image, volume.name, parent, {
      deleteBeforeReplace: false,
      uploads: content.apply((json) =>
        Object.entries(JSON.parse(json) as Record<string, string>).map(([file, text]) => ({
          file: `/files/${file}`,
          content: text,
          permissions: "0444",
        })),
      ),
    });
    return { kind: "files", name: volume.name, ready: writer };
  }

  liveFiles(name: string, args: LiveFilesArgs, { parent, dependsOn = [] }: ChildOptions): Files {
    const resource = `${this.#prefix}-${name}`;
    const volume = new docker.Volume(
      resource,
      { name: resource, labels: this.#labels(resource, name, resource) },
      { parent, ignoreChanges: ["labels"] },
    );
    const writer = this.#writer(resource, name, args.image, volume.name, parent, {});
    const content = filesJson(args.files);
    const ready = new LiveFilesResource(
      `${resource}-live`,
      {
        writer: writer.name,
        files: content,
        hash: content.apply(sha256),
        owner: args.owner,
        reader: this.addressOf(args.reader),
        mountPath: args.mountPath,
        check: args.check ?? [],
        reload: args.reload,
        verify: args.verify ?? [],
      },
      { parent, dependsOn: [writer, ...dependsOn] },
    );
    return { kind: "files", name: volume.name, ready };
  }

  workload(name: string, args: WorkloadArgs, opts: ChildOptions): Workload {
    const resource = `${this.#prefix}-${name}`;
    const singleton = args.strategy === "singleton";
    const definition = containerDefinition(
      args,
      (role) => this.#networks[role].name,
      this.#args.log,
    );
    const container = new docker.Container(
      resource,
      {
        ...definition,
        ...(singleton && { name: resource }),
        memory: args.memoryMb,
        memorySwap: args.memoryMb,
        labels: pulumi
          .output(definition)
          .apply((resolved) => this.#labels(resource, args.component, revisionOf(resolved))),
      },
      {
        parent: opts.parent,
        dependsOn: [...(opts.dependsOn ?? []), ...readyOf(args.mounts)],
        deleteBeforeReplace: singleton,
        // The plugin says "updated" for these and leaves the running container as it was.
        replaceOnChanges: ["healthcheck", "tmpfs"],
      },
    );
    return {
      address: container.name,
      endpoints: container.name.apply((host) => [host]),
      resource: container,
    };
  }

  job(name: string, args: JobArgs, opts: ChildOptions): Job {
    const resource = `${this.#prefix}-${name}`;
    const definition = {
      image: args.image.reference,
      command: [...args.command],
      env: envList(args.env),
      user: args.user,
      networks: args.networks.map((role) => this.#networks[role].name),
      binds: bindList(args),
      tmpfs: tmpfsOptions(args.tmpfs),
      memoryMb: args.memoryMb,
    };
    const revision = pulumi.output(definition).apply(revisionOf);
    const job = new JobResource(
      resource,
      {
        name: resource,
        ...definition,
        timeoutSeconds: args.timeoutSeconds,
        labels: revision.apply((value) => this.#labelRecord(resource, args.component, value)),
        logOptions: logOptions(this.#args.log),
        revision,
      },
      { parent: opts.parent, dependsOn: [...(opts.dependsOn ?? []), ...readyOf(args.mounts)] },
    );
    return { resource: job };
  }

  /** A container that never starts and shares a volume with the one that does: the way to put files into a volume. */
  #writer(
    resource: string,
    component: string,
    image: Image,
    volume: pulumi.Output<string>,
    parent: pulumi.Resource,
    extra: { deleteBeforeReplace?: false; uploads?: docker.ContainerArgs["uploads"] & object },
  ): docker.Container {
    return new docker.Container(
      `${resource}-files`,
      {
        image: image.reference,
        command: ["true"],
        start: false,
        mustRun: false,
        restart: "no",
        networkMode: "none",
        volumes: [{ volumeName: volume, containerPath: "/files" }],
        ...(extra.uploads && { uploads: extra.uploads }),
        labels: pulumi
          .all([volume, image.reference])
          .apply((parts) => this.#labels(`${resource}-files`, component, revisionOf(parts))),
      },
      {
        parent,
        deleteBeforeReplace: false,
        // Another image changes nothing about files that are already there.
        ignoreChanges: ["image", "labels"],
      },
    );
  }

  #labels(
    resource: string,
    component: string,
    revision: string,
  ): { label: string; value: string }[] {
    return Object.entries(this.#labelRecord(resource, component, revision)).map(
      ([label, value]) => ({
        label,
        value,
      }),
    );
  }

  #labelRecord(resource: string, component: string, revision: string): Record<string, string> {
    return labelsFor(this.#args.identity, resource, component, revision);
  }
}

function readyOf(mounts: readonly Mount[] | undefined): pulumi.Resource[] {
  return (mounts ?? []).flatMap(({ source }) => (source.kind === "files" ? [source.ready] : []));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Files as one JSON text with sorted names: the same content is the same text. */
function filesJson(files: FilesArgs["files"]): pulumi.Output<string> {
  return pulumi.output(files).apply((resolved) =>
    JSON.stringify(
      Object.fromEntries(
        Object.keys(resolved)
          .sort()
          .map((file) => [file, resolved[file]!]),
      ),
    ),
  );
}
