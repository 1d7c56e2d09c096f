import { createHash } from "node:crypto";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as networking from "@pulumi/kubernetes/networking/v1/index.js";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { labelNames, labelsFor, type ReleaseIdentity } from "../labels.ts";
import type {
  ChildOptions,
  DataVolume,
  Files,
  FilesArgs,
  Image,
  ImageName,
  Job,
  JobArgs,
  LiveFilesArgs,
  Mount,
  Neighbours,
  Parent,
  Platform,
  PublishedPort,
  Workload,
  WorkloadArgs,
} from "../platform.ts";
import { revisionOf } from "../revision.ts";
import type { ApiServerPlace } from "./api-server.ts";
import { mostCopies } from "./copies.ts";
import { imageHealth } from "./image-health.ts";
import { nodeImage } from "./image-reference.ts";
import { podJob } from "./job.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";
import { labelSelectorOf } from "./label-selector.ts";
import { LiveFilesResource } from "./live-files.ts";
import type { Named, Scope } from "./named.ts";
import { notAwaited } from "./awaiting.ts";
import { podHost, revisionedName, serviceHost, type Zone } from "./names.ts";
import { ownNamespace } from "./namespace.ts";
import { neighboursOf } from "./neighbours.ts";
import { denyAll, policyOf, scraperOf, type Edges } from "./network-policy.ts";
import { podListAccess } from "./pod-list-access.ts";
import { podSet } from "./pod-set.ts";
import { scaling } from "./scaling.ts";
import { workloadService } from "./service.ts";
import { jobPod, podSpec, type LiveMountSource, type PodArgs } from "./pod.ts";

export interface KubernetesPlatformArgs {
  readonly identity: ReleaseIdentity;
  readonly place: {
    readonly namespace: string;
    /** Context and path of the kubeconfig. @default the current one, of the environment's */
    readonly context?: string;
    readonly kubeconfig?: string;
  };
  readonly settings: KubernetesSettings;
  /** Where those who `discover` reach the API server. */
  readonly apiServer: readonly ApiServerPlace[];
  /**
   * Waits for a workload with these inputs that was made or changed, where the plugin does not.
   *
   * @default nothing is made: no engine runs
   */
  readonly untilReady?: (inputs: unknown) => Promise<void>;
  /** Tag of an image of the project: its content. */
  readonly tagOf: (image: ImageName) => string;
}

/** Between the notice that a pod goes and its stop signal, seconds: gateways ask every two. */
const preStopSeconds = 3;

/** A namespace of a cluster. */
export class KubernetesPlatform extends pulumi.ComponentResource implements Platform {
  readonly #args: KubernetesPlatformArgs;
  readonly #zone: Zone;
  readonly #provider: Provider;
  /** Of what outlives the stack: it may be there already. */
  readonly #retained: Provider;
  readonly #namespace: pulumi.Output<string>;
  readonly neighbours: Neighbours;

  constructor(name: string, args: KubernetesPlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mcpfleet:platform:Kubernetes", name, {}, opts);
    this.#args = args;
    const { settings, place } = args;
    const { namespace, context, kubeconfig } = place;
    this.#zone = { namespace, clusterDomain: settings.clusterDomain };
    const cluster = {
      ...(context && { context }),
      ...(kubeconfig && { kubeconfig }),
      enableServerSideApply: true,
    };
    this.#provider = new Provider(
      "cluster",
      // Files of workloads are Secrets: ConfigMaps are read by others, who know them by their names.
      { ...cluster, enableConfigMapMutable: true },
      { parent: this },
    );
    this.#retained = new Provider(
      "cluster-retained",
      { ...cluster, upsertExistingObjects: true, enablePatchForce: true },
      { parent: this },
    );
    const made = ownNamespace(namespace, this.#labels("namespace", "namespace", namespace), {
      parent: this,
      provider: this.#retained,
    });
    this.#namespace = made.metadata.name;
    new networking.NetworkPolicy(
      "deny-all",
      { metadata: this.#meta("deny-all", "namespace", namespace), spec: denyAll },
      this.#options({ parent: this }),
    );
    this.neighbours = neighboursOf(settings.monitoring, {
      namespace: this.#namespace,
      zone: this.#zone,
      selector: (component) => this.#selector(component),
      labels: (resource, component, revision) => this.#labels(resource, component, revision),
      options: (opts) => this.#options(opts),
    });
    this.registerOutputs({});
  }

  addressOf(singleton: string): string {
    return serviceHost(singleton, this.#zone);
  }

  urlOf(singleton: string, { port }: PublishedPort): string {
    const { ingress } = this.#args.settings.gateway;
    if (singleton === "gateway" && ingress) {
      return `${ingress.tlsSecret ? "https" : "http"}://${ingress.host}`;
    }
    return `http://${this.addressOf(singleton)}:${port}`;
  }

  image(name: ImageName, override?: string): Image {
    const { settings, tagOf } = this.#args;
    return { reference: override ?? nodeImage(name, tagOf(name), settings.images) };
  }

  foreignImage(reference: string): Image {
    return { reference };
  }

  dataVolume(name: string, { parent }: Parent): DataVolume {
    const { storage } = this.#args.settings;
    const size = name.startsWith("postgres") ? storage.postgresGi : storage.monitoringGi;
    const claim = new core.PersistentVolumeClaim(
      name,
      {
        // Bound when its first pod is.
        metadata: { ...this.#meta(name, name, name), name, annotations: notAwaited },
        spec: {
          accessModes: ["ReadWriteOnce"],
          ...(storage.className && { storageClassName: storage.className }),
          resources: { requests: { storage: `${size}Gi` } },
        },
      },
      { parent, provider: this.#retained, protect: true, retainOnDelete: true },
    );
    return { kind: "data", name: claim.metadata.name };
  }

  files(name: string, args: FilesArgs, { parent }: Parent): Files {
    const secret = new core.Secret(
      name,
      {
        metadata: this.#meta(name, name, name),
        immutable: true,
        stringData: pulumi.secret(args.files),
      },
      this.#options({ parent }),
    );
    return { kind: "files", name: secret.metadata.name, ready: secret };
  }

  liveFiles(name: string, args: LiveFilesArgs, opts: ChildOptions): Files & LiveMountSource {
    const content = filesJson(args.files);
    const ready = new LiveFilesResource(
      `${name}-live`,
      {
        context: this.#args.place.context ?? "",
        kubeconfig: this.#args.place.kubeconfig ?? "",
        namespace: this.#namespace,
        secret: name,
        files: content,
        hash: content.apply((text) => createHash("sha256").update(text).digest("hex")),
        labels: this.#labels(`${name}-live`, name, name),
        reader: args.reader,
        selector: labelSelectorOf(this.#selector(args.reader)),
        mountPath: args.mountPath,
        check: [...(args.check ?? [])],
        reload: [...args.reload],
        verify: [...(args.verify ?? [])],
      },
      { parent: opts.parent, ...(opts.dependsOn && { dependsOn: [...opts.dependsOn] }) },
    );
    return { kind: "files", name, ready, live: true };
  }

  workload(name: string, args: WorkloadArgs, opts: ChildOptions): Workload {
    const scope: Scope = {
      settings: this.#args.settings,
      namespace: this.#namespace,
      zone: this.#zone,
    };
    const beside = args.strategy === "beside";
    const many = args.copies === "many" || (args.copies === undefined && beside);
    const edges = edgesOf(args);
    const pod = this.#pod(name, args, many);
    const revision = pulumi
      .output({ pod: podSpec(pod, this.#args.settings), edges })
      .apply(revisionOf);
    const named: Named = beside
      ? {
          name: revision.apply((value) => revisionedName(name, value)),
          labels: revision.apply((value) => this.#labels(name, args.component, value)),
          selector: revision.apply((value) => ({
            ...this.#selector(args.component),
            [labelNames.revision]: value,
          })),
        }
      : {
          name,
          labels: revision.apply((value) => this.#labels(name, args.component, value)),
          selector: this.#selector(args.component),
        };
    const child = this.#options(opts);
    const service = workloadService(scope, name, args, named, child);
    const policyMade = this.#policy(name, args, edges, named, child);
    const access = args.discovers ? podListAccess(scope, name, named, child) : [];
    const replicas = beside
      ? this.#args.settings.replicas
      : many
        ? this.#args.settings.gateway.replicas
        : 1;
    const most = beside ? mostCopies(this.#args.settings, replicas) : replicas;
    const scaled = most > replicas;
    const set = podSet(scope, name, args, pod, {
      ...{ named, edges, replicas, scaled },
      opts: {
        ...child,
        ...(!beside && this.#untilReady(name)),
        dependsOn: [
          ...(opts.dependsOn ?? []),
          ...readyOf(args.mounts),
          ...[service, policyMade],
          ...access,
        ],
      },
    });
    const last = scaling(scope, name, args, { named, set, replicas, most }, child);
    const address = pulumi
      .all([service.metadata.name, set.id])
      .apply(([host]) => serviceHost(host, this.#zone));
    if (beside) {
      const made = pulumi.all([set.metadata.name, address, last]);
      const hosts = (first: number, end: number) =>
        made.apply(([setName]) =>
          Array.from({ length: end - first }, (_, index) =>
            podHost(setName, first + index, this.#zone),
          ),
        );
      return {
        ...{ address, resource: set },
        // An autoscaler takes away the pods with the highest numbers, and keeps as many as these.
        endpoints: hosts(0, replicas),
        ...(scaled && { elastic: hosts(replicas, most) }),
        discovery: pulumi
          .all([named.selector, address])
          .apply(([labels, domain]) => ({ labels, domain })),
      };
    }
    return {
      ...{ address, resource: set },
      endpoints: address.apply((host) => [host]),
      ...(many && { discovery: pulumi.output(named.selector).apply((labels) => ({ labels })) }),
    };
  }

  job(name: string, args: JobArgs, opts: ChildOptions): Job {
    const edges: Edges = { listens: [], calls: args.calls ?? [] };
    const spec = podSpec(jobPod(args), this.#args.settings);
    const revision = pulumi.output(spec).apply(revisionOf);
    const labels = revision.apply((value) => this.#labels(name, args.component, value));
    const selector = this.#selector(args.component);
    const child = this.#options(opts);
    const made = this.#policy(name, {}, edges, { name, labels, selector }, child);
    const job = podJob(
      name,
      this.#namespace,
      args,
      { labels, edges, spec },
      {
        ...child,
        dependsOn: [...(opts.dependsOn ?? []), ...readyOf(args.mounts), made],
      },
    );
    return { resource: job };
  }

  #pod(name: string, args: WorkloadArgs, many: boolean): PodArgs {
    const { command, stop, ...rest } = args;
    const health = args.health ?? imageHealth(args.component);
    return {
      ...rest,
      ...(command && { args: command }),
      ...(health && { health }),
      graceSeconds: stop.graceSeconds,
      ...(args.discovers && { account: name }),
      ...(many && { preStopSeconds, spreadBy: this.#selector(args.component) }),
      restartPolicy: "Always",
    };
  }

  #untilReady(name: string): Pick<pulumi.CustomResourceOptions, "hooks"> {
    const { untilReady } = this.#args;
    if (untilReady === undefined) return {};
    const hook = new pulumi.ResourceHook(`ready-${name}`, ({ newInputs }) => untilReady(newInputs));
    return { hooks: { afterCreate: [hook], afterUpdate: [hook] } };
  }

  #policy(
    name: string,
    args: Pick<WorkloadArgs, "audience" | "discovers">,
    edges: Edges,
    named: Named,
    opts: pulumi.CustomResourceOptions,
  ): networking.NetworkPolicy {
    const { existing } = this.#args.settings.monitoring;
    return new networking.NetworkPolicy(
      name,
      {
        metadata: { name: named.name, namespace: this.#namespace, labels: named.labels },
        spec: pulumi.output(named.selector).apply((selector) =>
          policyOf(selector, edges, {
            open: args.audience === "clients",
            ...(args.discovers && { apiServer: this.#args.apiServer }),
            ...(existing && { scraper: scraperOf(existing) }),
          }),
        ),
      },
      opts,
    );
  }

  #selector(component: string): Record<string, string> {
    return {
      [labelNames.component]: component,
      [labelNames.stack]: this.#args.identity.stack,
    };
  }

  #labels(resource: string, component: string, revision: string): Record<string, string> {
    return labelsFor(this.#args.identity, resource, component, revision);
  }

  /** Without a name: the plugin makes one of the resource's. */
  #meta(resource: string, component: string, revision: string) {
    return {
      namespace: this.#namespace,
      labels: this.#labels(resource, component, revision),
    };
  }

  #options({ parent, dependsOn }: ChildOptions): pulumi.CustomResourceOptions {
    return {
      parent,
      provider: this.#provider,
      ...(dependsOn && { dependsOn: [...dependsOn] }),
    };
  }
}

function edgesOf({ listens = [], calls = [], publish = [] }: WorkloadArgs): Edges {
  const published = publish.map(({ port }) => ({ port, network: "edge" as const }));
  return { listens: [...listens, ...published], calls };
}

function readyOf(mounts: readonly Mount[] | undefined): pulumi.Resource[] {
  return (mounts ?? []).flatMap(({ source }) => (source.kind === "files" ? [source.ready] : []));
}

/** Files as one JSON text with sorted names: the same content is the same text. */
function filesJson(files: FilesArgs["files"]): pulumi.Output<string> {
  return pulumi
    .output(files)
    .apply((resolved) =>
      JSON.stringify(
        Object.fromEntries(Object.entries(resolved).sort(([a], [b]) => (a < b ? -1 : 1))),
      ),
    );
}
