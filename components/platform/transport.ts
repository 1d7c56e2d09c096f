import type { Duplex } from "node:stream";

/**
 * How probes, and whoever collects evidence, reach what runs on a platform, wherever the platform itself is: nothing of
 * it needs a published port. One implementation per platform.
 */
export interface Transport {
  /**
   * A TCP connection to a port of the workload.
   *
   * @throws WorkloadGoneError, TransportError, or the network's own error (`code: ECONNREFUSED` ...).
   */
  dial(target: Target, port: number, options?: CallOptions): Promise<Duplex>;
  /** Runs a command inside the workload; output is stdout and stderr as they came. @throws as `dial`. */
  exec(target: Target, command: readonly string[], options?: CallOptions): Promise<Executed>;
  /**
   * `exec` in every running copy of the workload, at once; one answer each.
   *
   * @throws as `dial`, also when there is no copy: then nobody has heard the command.
   */
  execAll(
    target: Target,
    command: readonly string[],
    options?: CallOptions,
  ): Promise<readonly Executed[]>;
  /** What the platform says about the workload; one that is gone is a state, not an error. */
  state(target: Target, options?: CallOptions): Promise<WorkloadState>;
  /** Last lines of the workload's log, stdout and stderr. */
  logs(target: Target, lines: number, options?: CallOptions): Promise<string>;
  /** Everything that the platform knows about the workload, as it says it; environment values are left out. */
  inspect(target: Target, options?: CallOptions): Promise<unknown>;
  /** Ends what the transport itself has started on the platform. */
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * Whether `dial` waits until the other side has accepted as surely as the platform can tell. Without it, one that
   * cannot tell at once says so by an error of the connection.
   *
   * @default false
   */
  readonly sure?: boolean;
}

/** One running part of one release, as the platform names it. Plain data: it lies in the state. */
export interface Target {
  /** Name in the fleet: a server, `gateway`, `postgres` ... */
  readonly component: string;
  /** Name or id of the container or pod; of what somebody else runs, its host name. */
  readonly workload: string;
  /**
   * Host names of the copies that are there whatever the load is, as gateways and scrapers address them.
   *
   * @default its address alone
   */
  readonly endpoints?: readonly string[];
  /**
   * Host names of the copies that come with the load and go with it; whoever asks one of them may ask nobody.
   *
   * @default none
   */
  readonly elastic?: readonly string[];
  /** Host name on the fleet's networks, as in the `instance` label of its metrics; default: `workload`. */
  readonly address?: string;
  /** Release that it belongs to. */
  readonly release?: string;
}

type Named = Pick<Target, "workload" | "address" | "endpoints">;

/** Host names of the copies of a target that have to be there. */
export function endpointsOf({ endpoints, address, workload }: Named): readonly string[] {
  return endpoints ?? [address ?? workload];
}

/** Host names of the copies of a target that are there or may be. */
export function allEndpointsOf(target: Named & Pick<Target, "elastic">): readonly string[] {
  return [...endpointsOf(target), ...(target.elastic ?? [])];
}

/** By component. */
export type Targets = Readonly<Record<string, Target>>;

export interface Executed {
  readonly code: number;
  readonly output: string;
}

export interface WorkloadState {
  readonly running: boolean;
  /** It will not get better by waiting: exited for good, out of memory, image missing, gone. */
  readonly terminal: boolean;
  /** The platform's own health check, where there is one. */
  readonly health?: "healthy" | "unhealthy" | "starting";
  /** For people: `running`, `exited with code 1`, `killed: out of memory`. */
  readonly detail: string;
  /** When it was made and last started; ISO 8601, absent if it never was. */
  readonly created?: string;
  readonly since?: string;
  /** How often the platform started it again. */
  readonly restarts: number;
}

/** The platform itself could not be asked; says nothing about the workload. */
export class TransportError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "TransportError";
  }
}

/** Nobody is there to take the connection, and its message says who was expected. */
export class NobodyThereError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NobodyThereError";
  }
}

/** The workload does not exist. */
export class WorkloadGoneError extends Error {
  constructor(target: Target) {
    super(`${target.component}: ${target.workload} does not exist`);
    this.name = "WorkloadGoneError";
  }
}
