import type * as pulumi from "@pulumi/pulumi";

/**
 * What a fleet needs of the machine or cluster it runs on. Components speak only these words; `docker/` makes them real
 * on one machine, `kubernetes/` on a cluster.
 */
export interface Platform {
  /** An image of ours, built from `images/<name>`, or the reference that the fleet file names instead. */
  image(name: ImageName, override?: string): Image;
  /** An image that somebody else built: local, or pulled from its registry. */
  foreignImage(reference: string): Image;
  /** Storage that outlives every release; protected, never deleted with the stack. */
  dataVolume(name: string, opts: Parent): DataVolume;
  /** Files that a workload reads from its start on. Changed content makes a new copy beside the old one. */
  files(name: string, args: FilesArgs, opts: Parent): Files;
  /**
   * Files of a workload that cannot run twice: changed in place, checked, then reloaded, and not before what they
   * depend on is there.
   */
  liveFiles(name: string, args: LiveFilesArgs, opts: ChildOptions): Files;
  /** A long-running container with all its settings. */
  workload(name: string, args: WorkloadArgs, opts: ChildOptions): Workload;
  /** A container that runs to its end before anything that depends on it starts. Failure fails the update. */
  job(name: string, args: JobArgs, opts: ChildOptions): Job;
  /** Address at which a singleton workload will be reached; known before it exists. */
  addressOf(singleton: string): string;
  /** Where a person or a client outside of the fleet reaches a published port of a singleton workload. */
  urlOf(singleton: string, published: PublishedPort): string;
  /**
   * Monitoring that somebody else runs on the platform.
   *
   * @default - there is none
   */
  readonly neighbours?: Neighbours;
}

/** Monitoring that has the series of others beside those of this fleet. */
export interface Neighbours {
  /** Labels that every series of this fleet has there, and no other's. */
  readonly scope: Readonly<Record<string, string>>;
  /**
   * Has rules evaluated.
   *
   * @default - nobody asked for it
   */
  readonly rules?: (
    name: string,
    file: pulumi.Input<RuleFile>,
    opts: ChildOptions,
  ) => pulumi.Resource;
  /**
   * Has a dashboard shown.
   *
   * @param file ends in `.json`.
   * @default - nobody asked for it
   */
  readonly dashboard?: (file: string, content: string, opts: Parent) => pulumi.Resource;
  /**
   * A Prometheus that watches the fleet in place of one of its own; what it finds, it tells an Alertmanager of its own.
   * With it there is a way to have `rules` evaluated.
   *
   * @default - the fleet has its own
   */
  readonly prometheus?: NeighbourPrometheus;
}

/** A Prometheus that somebody else runs. */
export interface NeighbourPrometheus {
  /** Host name, by which gates ask it; see `Target.workload`. */
  readonly address: string;
  /** Where a person or a query from inside reaches it. */
  readonly url: string;
  /** Has the copies of a workload scraped. */
  readonly scrape: (job: ScrapeJob, opts: Parent) => pulumi.Resource;
}

/** The targets of one scrape job, and how they are scraped. */
export interface ScrapeJob {
  /** Label `job`; unique. */
  readonly job: string;
  /** Component whose copies are its targets. */
  readonly component: string;
  /** Host name of the only copy, or how several are found. */
  readonly found: pulumi.Input<string | Discovery>;
  readonly port: number;
  /** On every series. */
  readonly labels: Readonly<Record<string, string>>;
  /** Interval and timeout, Prometheus durations. */
  readonly pace: { readonly scrape_interval: string; readonly scrape_timeout: string };
  /** Of one scrape, in Prometheus's words: `sample_limit` and its like. */
  readonly bounds: Readonly<Record<string, string | number>>;
  /** What is done to each series. */
  readonly metricRelabelings: readonly Relabelling[];
}

/** A step of relabelling, in Prometheus's words. */
export interface Relabelling {
  readonly source_labels?: readonly string[];
  readonly regex?: string;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: "drop" | "labeldrop";
}

/** A file of rules as Prometheus reads it. */
export interface RuleFile {
  readonly groups: readonly {
    readonly name: string;
    /** @default - Prometheus's own */
    readonly interval?: string;
    readonly rules: readonly {
      readonly expr: string;
      readonly labels?: Readonly<Record<string, string>>;
      /** `alert`, `record`, `for`, `annotations` */
      readonly [field: string]: unknown;
    }[];
  }[];
}

export interface Parent {
  readonly parent: pulumi.Resource;
}

export interface ChildOptions extends Parent {
  readonly dependsOn?: readonly pulumi.Resource[];
}

/** Folder names under `images/`. */
export type ImageName =
  | "postgres"
  | "pgbouncer"
  | "haproxy"
  | "prometheus"
  | "alertmanager"
  | "postgres-exporter"
  | "pgbouncer-exporter"
  | "mcp-server";

export interface Image {
  /** What a container is created from. */
  readonly reference: pulumi.Input<string>;
}

/**
 * Who may talk to whom: `edge` publishes ports (gateway, consoles), `mcp` joins gateway and servers, `data` joins
 * servers and pooler, `db` joins pooler, jobs and PostgreSQL, `obs` joins Prometheus with what it scrapes.
 * All but `edge` have no way out, and `db` where the database is somebody else's.
 */
export const networkRoles = ["edge", "mcp", "data", "db", "obs"] as const;
export type NetworkRole = (typeof networkRoles)[number];

/** A port on which a workload is called, and the network from which. */
export interface Listener {
  readonly port: number;
  readonly network: NetworkRole;
}

/** Ports on which a workload calls others, and the network on which. */
export interface Call {
  /** `edge` is the world outside. */
  readonly network: NetworkRole;
  /** @default every port */
  readonly ports?: readonly number[];
  /**
   * Address blocks to which the network leads out of the fleet.
   *
   * @default - those who listen on it
   */
  readonly outside?: readonly string[];
}

export interface PublishedPort {
  /** Inside. */
  readonly port: number;
  /** Address and port of the machine, where the platform is one machine. */
  readonly hostIp: string;
  readonly hostPort: number;
}

export interface DataVolume {
  readonly kind: "data";
  readonly name: pulumi.Input<string>;
}

/** A directory of files; mounted read-only. */
export interface Files {
  readonly kind: "files";
  readonly name: pulumi.Input<string>;
  /** What has to exist before a reader starts. */
  readonly ready: pulumi.Resource;
}

export interface FilesArgs {
  /** Image that any container of this stack runs: nothing else needs to be fetched to hold the files. */
  readonly image: Image;
  /** File name (no slashes) -> content; secret content stays secret. Readable by the one workload that mounts it. */
  readonly files: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Live files lie in `<mount>/current/`, a symbolic link that moves to a complete new version in one step, so a
 * reader never sees half a change.
 */
export interface LiveFilesArgs extends FilesArgs {
  /** Name of the singleton workload that reads the files. */
  readonly reader: string;
  /** `uid:gid` of the reader; nobody else can read the files. */
  readonly owner: string;
  /**
   * Command that judges the new version inside the running reader before it becomes current; `{dir}` stands for its
   * directory. A non-zero exit refuses the change and its output becomes the error. Default: no check.
   */
  readonly check?: readonly string[];
  /** Command that makes the running reader take up the new version. */
  readonly reload: readonly string[];
  /** Command that succeeds once the new version is in force; tried for 30 s. Default: none. */
  readonly verify?: readonly string[];
  /** Where the reader mounts the volume. */
  readonly mountPath: string;
}

export interface Mount {
  readonly source: DataVolume | Files;
  readonly path: string;
}

export interface WorkloadArgs {
  /** Part of the fleet it belongs to; label `mcp-fleet/component`. */
  readonly component: string;
  readonly image: Image;
  readonly command?: readonly pulumi.Input<string>[];
  /** No secrets: everybody who may look at the engine sees these. */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Numeric `uid:gid`, never root. */
  readonly user: string;
  readonly networks: readonly NetworkRole[];
  /**
   * Ports that others in the fleet call; those that are published need not be named again.
   *
   * @default none
   */
  readonly listens?: readonly Listener[];
  /**
   * What it calls.
   *
   * @default nothing
   */
  readonly calls?: readonly Call[];
  /**
   * Whether it finds the copies of others by itself, as `Workload.discovery` says. It may then see what runs beside it,
   * and nobody else can.
   *
   * @default false
   */
  readonly discovers?: boolean;
  /** Published ports; needs the network role `edge`. */
  readonly publish?: readonly PublishedPort[];
  /**
   * For whom the published ports are: clients come from anywhere that the platform lets in, operators by the ways that
   * the platform's own tools have.
   *
   * @default "operators"
   */
  readonly audience?: "clients" | "operators";
  readonly mounts?: readonly Mount[];
  /** Writable memory file systems: path -> MiB. The root file system is read-only. */
  readonly tmpfs?: Readonly<Record<string, number>>;
  readonly memoryMb: number;
  readonly cpus: number;
  /** Shared memory, MiB. Default 64. */
  readonly shmMb?: number;
  /** Default: the image's own health check. */
  readonly health?: {
    /** Exit code 0 is healthy. */
    readonly command: readonly string[];
    readonly intervalSeconds: number;
    readonly timeoutSeconds: number;
    readonly retries: number;
    readonly startPeriodSeconds: number;
    /**
     * The same question by HTTP, for platforms that ask so, without a process for each: 2xx is yes.
     *
     * @default - the command is all there is
     */
    readonly http?: {
      readonly port: number;
      /** Whether it can take calls. */
      readonly ready: string;
      /** Whether it is worth keeping; must not depend on others. */
      readonly live: string;
    };
  };
  readonly stop: {
    readonly signal: "SIGTERM" | "SIGINT" | "SIGUSR1";
    readonly graceSeconds: number;
  };
  /**
   * `beside`: a changed workload starts next to the old one under a generated name, which goes only after everything
   * else succeeded. `singleton`: one at a time under a fixed name, because it owns a volume or a host port.
   */
  readonly strategy: "beside" | "singleton";
  /**
   * Whether several copies of it may run at once, where the platform has more than one machine.
   *
   * @default - what starts beside its predecessor may
   */
  readonly copies?: "one" | "many";
}

export interface Workload {
  /** Host name on the workload's networks. */
  readonly address: pulumi.Output<string>;
  /** Host name of each copy that is there whatever the load is; its address where they have no names of their own. */
  readonly endpoints: pulumi.Output<readonly string[]>;
  /**
   * Host names of the copies that come with the load and go with it. A name without a copy does not resolve.
   *
   * @default - there are none
   */
  readonly elastic?: pulumi.Output<readonly string[]>;
  /**
   * How a workload that `discovers` finds its copies while they come and go.
   *
   * @default - there is one copy, at its address
   */
  readonly discovery?: pulumi.Output<Discovery>;
  readonly resource: pulumi.CustomResource;
}

/** What tells the copies of a workload from everything else in the list of what runs. */
export interface Discovery {
  /** Labels that every copy has, and nothing else. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * What follows the name of a copy in its host name.
   *
   * @default - copies have no host names of their own, and are called at their addresses
   */
  readonly domain?: string;
}

export interface JobArgs {
  readonly component: string;
  readonly image: Image;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly user: string;
  readonly networks: readonly NetworkRole[];
  /** As of a workload. */
  readonly calls?: readonly Call[];
  readonly mounts?: readonly Mount[];
  readonly tmpfs?: Readonly<Record<string, number>>;
  readonly memoryMb: number;
  /** The job is stopped and counts as failed after this time, seconds. */
  readonly timeoutSeconds: number;
}

export interface Job {
  readonly resource: pulumi.CustomResource;
}
