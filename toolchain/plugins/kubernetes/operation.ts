import type { Properties } from "../bridge/values.ts";
import type { Severity } from "../rpc/engine-log.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Kind } from "./kinds.ts";
import type { Settings } from "./settings.ts";

/** What every change of a resource has at hand. */
export interface Operation {
  readonly urn: string;
  readonly kind: Kind;
  readonly cluster: Cluster;
  readonly settings: Settings;
  readonly preview: boolean;
  /** The program's own limit, in seconds; 0 without one. */
  readonly timeout: number;
  /** Aborted when the user cancels. */
  readonly signal: AbortSignal;
  /** Tells for the moment what is going on. */
  readonly status: (severity: Severity, message: string) => void;
  /** Tells something that stays. */
  readonly log: (severity: Severity, message: string) => void;
}

/** What a resource is made from: plain values, and the same as the engine sent them, secrets marked. */
export interface Declared {
  readonly inputs: Properties;
  readonly from: Properties;
}
