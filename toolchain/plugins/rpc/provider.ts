import type { Autonaming } from "../bridge/autoname.ts";
import type { CheckFailure } from "../bridge/check.ts";
import type { DiffAnswer } from "../bridge/diff.ts";
import type { Properties } from "../bridge/values.ts";

/** Calls of the engine as plain objects: the shape the recordings have, and tests can write. */
export interface CheckRequest {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly randomSeed: Uint8Array;
  readonly autonaming?: Autonaming | undefined;
}

export interface DiffRequest {
  readonly id: string;
  readonly urn: string;
  readonly type: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly oldInputs: Properties;
  readonly ignoreChanges: readonly string[];
}

export interface CreateRequest {
  readonly urn: string;
  readonly type: string;
  readonly properties: Properties;
  readonly preview: boolean;
  /** The program's `customTimeouts`, in seconds; 0 and absent leave it to the plugin. */
  readonly timeout?: number;
}

export interface ReadRequest {
  readonly id: string;
  readonly urn: string;
  readonly type: string;
  readonly properties: Properties;
  readonly inputs: Properties;
}

export interface UpdateRequest {
  readonly id: string;
  readonly urn: string;
  readonly type: string;
  readonly olds: Properties;
  readonly news: Properties;
  readonly preview: boolean;
  /** As for Create. */
  readonly timeout?: number;
  readonly ignoreChanges?: readonly string[];
}

export interface DeleteRequest {
  readonly id: string;
  readonly urn: string;
  readonly type: string;
  readonly properties: Properties;
  /** As for Create. */
  readonly timeout?: number;
}

export interface CheckAnswer {
  readonly inputs: Properties;
  readonly failures?: readonly CheckFailure[];
}

export interface CreateAnswer {
  readonly id: string;
  readonly properties: Properties;
}

/** An empty answer says that the object is gone. */
export type ReadAnswer =
  | { readonly id: string; readonly properties: Properties; readonly inputs: Properties }
  | Record<string, never>;

/** A resource plugin without its transport. */
export interface Provider {
  readonly version: string;
  /** Flags of the answer to Configure. */
  readonly features: { readonly acceptResources: boolean; readonly acceptSecrets?: boolean };
  checkConfig(news: Properties): CheckAnswer;
  /** What a change of the settings does to resources; without it, nothing. */
  diffConfig?(olds: Properties, news: Properties): DiffAnswer;
  configure(args: Properties): void;
  check(request: CheckRequest): CheckAnswer;
  diff(request: DiffRequest): DiffAnswer;
  create(request: CreateRequest): Promise<CreateAnswer>;
  read(request: ReadRequest): Promise<ReadAnswer>;
  update(request: UpdateRequest): Promise<{ readonly properties: Properties }>;
  delete(request: DeleteRequest): Promise<void>;
  /** Ends waits that are under way; called on Ctrl-C. */
  cancel(): void;
}

/** Creation or update failed, but the object exists and belongs into state. */
export class InitializationFailed extends Error {
  readonly id: string;
  readonly properties: Properties;
  /** What the engine keeps in state beside the object: the message, and what is behind it. */
  readonly reasons: readonly string[];
  /** Inputs as they were read back, where a refresh failed. */
  readonly liveInputs: Properties | undefined;

  constructor(
    message: string,
    id: string,
    properties: Properties,
    detail: { readonly causes?: readonly string[]; readonly liveInputs?: Properties } = {},
  ) {
    super(message);
    this.name = "InitializationFailed";
    this.id = id;
    this.properties = properties;
    this.reasons = [message, ...(detail.causes ?? [])];
    this.liveInputs = detail.liveInputs;
  }
}
