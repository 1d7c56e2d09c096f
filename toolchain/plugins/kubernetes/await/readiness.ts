import type { Properties } from "../../bridge/values.ts";
import type { Severity } from "../../rpc/engine-log.ts";
import type { Client } from "../cluster/client.ts";
import type { Listener } from "../cluster/informer.ts";
import type { Kind } from "../kinds.ts";

/** A collection that tells whether an object is ready. */
export interface Watched {
  readonly kind: Pick<Kind, "apiVersion" | "plural">;
  readonly on: Listener;
}

/** What decides that an object is ready. Told of events, asked after each of them. */
export interface Readiness {
  readonly watched: readonly Watched[];
  /** The object as it was last seen. */
  readonly object: Properties;
  isReady(): boolean;
  /** What is missing, for the user. */
  reasons(): string[];
  /** Whether waiting any longer is of no use. */
  hasFailed?(): boolean;
  /** Whether the object will do when the time is over. */
  isAcceptable?(): boolean;
  /** Problems to tell of while waiting, asked for now and then. */
  problems?(): string[];
  /** Other words for "timed out waiting to be Ready", and another time. */
  readonly timeout?: { readonly ms: number; readonly message: string };
}

/** What a readiness is made from. */
export interface Subject {
  /** The object as the change left it. */
  readonly object: Properties;
  /** As it was before an update. */
  readonly last?: Properties;
  readonly client: Client;
  /** Whether the question is asked once, for a refresh, and not waited for. */
  readonly once: boolean;
  status(severity: Severity, message: string): void;
  /** Acts after a while, and has the readiness asked again. */
  later(ms: number, action: () => void): void;
}

/** The object exists, but is not ready. */
export class NotReady extends Error {
  readonly object: Properties;
  readonly causes: readonly string[];

  constructor(message: string, object: Properties, causes: readonly string[]) {
    super(message);
    this.name = "NotReady";
    this.object = object;
    this.causes = causes;
  }
}
