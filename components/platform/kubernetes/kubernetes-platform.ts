import { createHash } from "node:crypto";
import * as apps from "@pulumi/kubernetes/apps/v1/index.js";
import * as autoscaling from "@pulumi/kubernetes/autoscaling/v2/index.js";
import * as batch from "@pulumi/kubernetes/batch/v1/index.js";
import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as networking from "@pulumi/kubernetes/networking/v1/index.js";
import * as policy from "@pulumi/kubernetes/policy/v1/index.js";
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
  Parent,
  Platform,
  PublishedPort,
  Workload,
  WorkloadArgs,
} from "../platform.ts";
import { revisionOf } from "../revision.ts";
import { imageHealth } from "./image-health.ts";
import { nodeImage } from "./image-reference.ts";
import type { KubernetesSettings } from "./kubernetes.schema.ts";
import { LiveFilesResource } from "./live-files.ts";
import { podHost, revisionedName, serviceHost, type Zone } from "./names.ts";
import { denyAll, edgeLabels, policyOf, type Edges } from "./network-policy.ts";
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
  /** Tag of an image of the project: its content. */
  readonly tagOf: (image: ImageName) => string;
}

/** Servers are judged by the fleet's own gates, which say what is wrong within seconds; the plugin would wait for minutes. */
const notAwaited = { "pulumi.com/skipAwait": "true" };

/** As long as its own health check allows it to start, and a minute for the node to fetch the image. */
function awaited({ health }: WorkloadArgs): Record<string, string> {
  const seconds = 60 + Math.max(60, health?.startPeriodSeconds ?? 0);
  return { "pulumi.com/timeoutSeconds": String(seconds) };
}

/** Between the notice that a pod goes and its stop signal, seconds: gateways ask every two. */
const preStopSeconds = 3;

interface Named {
  readonly name: pulumi.Input<string>;
  readonly labels: pulumi.Input<Record<string, string>>;
  /** Of its pods. */
  readonly selector: pulumi.Input<Record<string, string>>;
}

/** A namespace of a cluster. */
export class KubernetesPlatform extends pulumi.ComponentResource implements Platform {
  readonly #args: KubernetesPlatformArgs;
  readonly #zone: Zone;
  readonly #provider: Provider;
  /** Of what outlives the stack: it may be there already. */
  readonly #retained: Provider;
  readonly #namespace: pulumi.Output<string>;

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
    this.#provider = new Provider("cluster", cluster, { parent: this });
    this.#retained = new Provider(
      "cluster-retained",
      { ...cluster, upsertExistingObjects: true, enablePatchForce: true },
      { parent: this },
    );
    const made = new core.Namespace(
      "namespace",
      {
        metadata: {
          name: namespace,
          labels: {
            ...this.#labels("namespace", "namespace", namespace),
            ...Object.fromEntries(
              ["enforce", "audit", "warn"].map((mode) => [
                `pod-security.kubernetes.io/${mode}`,
                "restricted",
              ]),
            ),
          },
        },
      },
      // The data in it outlives the stack.
      { parent: this, provider: this.#retained, retainOnDelete: true },
    );
    this.#namespace = made.metadata.name;
    new networking.NetworkPolicy(
      "deny-all",
      { metadata: this.#meta("deny-all", "namespace", namespace), spec: denyAll },
      this.#options({ parent: this }),
    );
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
        selector: labelSelector(this.#selector(args.reader)),
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
    const beside = args.strategy === "beside";
    const many = args.copies === "many" || (args.copies === undefined && beside);
    const edges = edgesOf(args);
    const pod = this.#pod(args, many);
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
    const service = this.#service(name, args, named, child);
    const policyMade = this.#policy(name, args, edges, named, child);
    const replicas = beside
      ? this.#args.settings.replicas
      : many
        ? this.#args.settings.gateway.replicas
        : 1;
    const set = this.#set(name, args, pod, {
      ...{ named, edges, replicas },
      opts: {
        ...child,
        dependsOn: [...(opts.dependsOn ?? []), ...readyOf(args.mounts), service, policyMade],
      },
    });
    const last = this.#scaling(name, args, { named, set, replicas, beside }, child);
    const address = pulumi
      .all([service.metadata.name, set.id])
      .apply(([host]) => serviceHost(host, this.#zone));
    const { autoscaling: scaled } = this.#args.settings;
    const copies = beside ? (scaled?.maxReplicas ?? replicas) : 1;
    const endpoints = beside
      ? pulumi
          .all([set.metadata.name, address, last])
          .apply(([setName]) =>
            Array.from({ length: copies }, (_, ordinal) => podHost(setName, ordinal, this.#zone)),
          )
      : address.apply((host) => [host]);
    if (beside || replicas === 1) return { address, endpoints, resource: set };
    const all = this.#pods(name, named, child);
    return { address, endpoints, resource: set, discovery: all };
  }

  job(name: string, args: JobArgs, opts: ChildOptions): Job {
    const edges: Edges = { listens: [], calls: args.calls ?? [] };
    const spec = podSpec(jobPod(args), this.#args.settings);
    const revision = pulumi.output(spec).apply(revisionOf);
    const labels = revision.apply((value) => this.#labels(name, args.component, value));
    const selector = this.#selector(args.component);
    const child = this.#options(opts);
    const made = this.#policy(
      name,
      { component: args.component },
      edges,
      { name, labels, selector },
      child,
    );
    const job = new batch.Job(
      name,
      {
        metadata: {
          namespace: this.#namespace,
          labels,
          annotations: { "pulumi.com/timeoutSeconds": String(args.timeoutSeconds + 30) },
        },
        spec: {
          // Another try would meet what the first one left.
          backoffLimit: 0,
          activeDeadlineSeconds: args.timeoutSeconds,
          template: {
            metadata: { labels: labels.apply((own) => ({ ...own, ...edgeLabels(edges) })) },
            spec,
          },
        },
      },
      {
        ...child,
        dependsOn: [...(opts.dependsOn ?? []), ...readyOf(args.mounts), made],
        // A template of a job never changes: another revision is another job.
        replaceOnChanges: ["spec"],
      },
    );
    return { resource: job };
  }

  #pod(args: WorkloadArgs, many: boolean): PodArgs {
    const { command, stop, ...rest } = args;
    const health = args.health ?? imageHealth(args.component);
    return {
      ...rest,
      ...(command && { args: command }),
      ...(health && { health }),
      graceSeconds: stop.graceSeconds,
      ...(many && { preStopSeconds, spreadBy: this.#selector(args.component) }),
      restartPolicy: "Always",
    };
  }

  /** A StatefulSet where pods have names of their own: with data, or with sessions that belong to one of them. */
  #set(
    name: string,
    args: WorkloadArgs,
    pod: PodArgs,
    {
      named,
      edges,
      replicas,
      opts,
    }: {
      readonly named: Named;
      readonly edges: Edges;
      readonly replicas: number;
      readonly opts: pulumi.CustomResourceOptions;
    },
  ): apps.StatefulSet | apps.Deployment {
    const metadata = {
      name: named.name,
      namespace: this.#namespace,
      labels: named.labels,
      // Of the others, what comes next expects an answer at once.
      annotations: args.strategy === "beside" ? notAwaited : awaited(args),
    };
    const common = {
      replicas,
      selector: { matchLabels: named.selector },
      template: {
        metadata: {
          labels: pulumi.output(named.labels).apply((own) => ({ ...own, ...edgeLabels(edges) })),
        },
        spec: podSpec(pod, this.#args.settings),
      },
    };
    const keepsData = (args.mounts ?? []).some(({ source }) => source.kind === "data");
    if (args.strategy === "singleton" && !keepsData) {
      return new apps.Deployment(
        name,
        {
          metadata,
          spec: {
            ...common,
            revisionHistoryLimit: 2,
            strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          },
        },
        opts,
      );
    }
    return new apps.StatefulSet(
      name,
      {
        metadata,
        spec: {
          ...common,
          serviceName: named.name,
          podManagementPolicy: "Parallel",
          revisionHistoryLimit: 2,
        },
      },
      { ...opts, ...(args.strategy === "beside" && { ignoreChanges: ["spec.replicas"] }) },
    );
  }

  #service(
    name: string,
    args: WorkloadArgs,
    named: Named,
    opts: pulumi.CustomResourceOptions,
  ): core.Service {
    const { gateway } = this.#args.settings;
    const forClients = args.audience === "clients";
    const ports = [...new Set(portsOf(args))].sort((a, b) => a - b);
    return new core.Service(
      name,
      {
        metadata: {
          name: named.name,
          namespace: this.#namespace,
          labels: named.labels,
          annotations: { ...notAwaited, ...(forClients && gateway.annotations) },
        },
        spec: {
          selector: named.selector,
          ports: ports.map((port) => ({
            name: `port-${port}`,
            port,
            targetPort: port,
            protocol: "TCP",
          })),
          type: forClients ? gateway.service : "ClusterIP",
          // Every pod by its own name; whether it can take calls is asked by those who call.
          ...(args.strategy === "beside" && { clusterIP: "None", publishNotReadyAddresses: true }),
        },
      },
      opts,
    );
  }

  /** A name with an address of every pod: one of a Service has always the same one. */
  #pods(name: string, named: Named, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
    const service = `${name}-pods`;
    const made = new core.Service(
      service,
      {
        metadata: {
          name: service,
          namespace: this.#namespace,
          labels: named.labels,
          annotations: notAwaited,
        },
        spec: { selector: named.selector, clusterIP: "None", publishNotReadyAddresses: true },
      },
      opts,
    );
    return made.metadata.name.apply((host) => serviceHost(host, this.#zone));
  }

  #policy(
    name: string,
    args: Pick<WorkloadArgs, "component" | "audience">,
    edges: Edges,
    named: Named,
    opts: pulumi.CustomResourceOptions,
  ): networking.NetworkPolicy {
    return new networking.NetworkPolicy(
      name,
      {
        metadata: { name: named.name, namespace: this.#namespace, labels: named.labels },
        spec: pulumi
          .output(named.selector)
          .apply((selector) => policyOf(selector, edges, args.audience === "clients")),
      },
      opts,
    );
  }

  /** What keeps copies there and makes more of them; and the way in for clients. */
  #scaling(
    name: string,
    args: WorkloadArgs,
    {
      named,
      set,
      replicas,
      beside,
    }: {
      readonly named: Named;
      readonly set: apps.StatefulSet | apps.Deployment;
      readonly replicas: number;
      readonly beside: boolean;
    },
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Output<unknown> {
    const { autoscaling: scaled, gateway } = this.#args.settings;
    const metadata = { name: named.name, namespace: this.#namespace, labels: named.labels };
    const made: pulumi.Output<string>[] = [];
    if (replicas > 1) {
      const budget = new policy.PodDisruptionBudget(
        name,
        { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: named.selector } } },
        opts,
      );
      made.push(budget.id);
    }
    if (beside && scaled && scaled.maxReplicas > replicas) {
      const scaler = new autoscaling.HorizontalPodAutoscaler(
        name,
        {
          metadata: { ...metadata, annotations: notAwaited },
          spec: {
            minReplicas: replicas,
            maxReplicas: scaled.maxReplicas,
            scaleTargetRef: {
              apiVersion: "apps/v1",
              kind: "StatefulSet",
              name: set.metadata.name,
            },
            metrics: [
              {
                type: "Resource",
                resource: {
                  name: "cpu",
                  target: { type: "Utilization", averageUtilization: scaled.cpuPercent },
                },
              },
            ],
          },
        },
        opts,
      );
      made.push(scaler.id);
    }
    const [port] = args.publish ?? [];
    if (args.audience === "clients" && gateway.ingress && port) {
      const { host, className, tlsSecret, annotations } = gateway.ingress;
      const backend = { service: { name: named.name, port: { number: port.port } } };
      const ingress = new networking.Ingress(
        name,
        {
          metadata: { ...metadata, annotations: { ...notAwaited, ...annotations } },
          spec: {
            ...(className && { ingressClassName: className }),
            ...(tlsSecret && { tls: [{ hosts: [host], secretName: tlsSecret }] }),
            rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }],
          },
        },
        opts,
      );
      made.push(ingress.id);
    }
    return pulumi.all(made);
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

function portsOf({ listens = [], publish = [] }: WorkloadArgs): number[] {
  return [...listens, ...publish].map(({ port }) => port);
}

function labelSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(",");
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
