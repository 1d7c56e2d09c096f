import type { CheckFailure } from "./check.ts";
import type { Fields } from "./schema.ts";
import type { Properties } from "./values.ts";

/** One kind of object, and how to bring it about. State has every field, by its Pulumi name. */
export interface ResourceType {
  /** As in `docker:index/network:Network`. */
  readonly token: string;
  readonly fields: Fields;
  /** Content of `__meta` in state, as the official plugin writes it. */
  readonly meta: string | undefined;
  readonly autonamed: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly rules?: (inputs: Properties) => CheckFailure[];

  /** @throws PartialCreation if an object exists although creating it failed */
  create(planned: Properties, signal: AbortSignal): Promise<Existing>;
  /** The object as it is now, or undefined if it is gone; `prior` is empty for an import. */
  read(id: string, prior: Properties): Promise<Existing | undefined>;
  /** State after the change. */
  update(change: Update, signal: AbortSignal): Promise<Properties>;
  delete(id: string, state: Properties, signal: AbortSignal): Promise<void>;
}

export interface Existing {
  readonly id: string;
  readonly state: Properties;
}

export interface Update {
  readonly id: string;
  readonly prior: Properties;
  readonly planned: Properties;
}

/** Creation failed after the object came to be: the engine must know the object to clean it up. */
export class PartialCreation extends Error {
  readonly existing: Existing;

  constructor(message: string, existing: Existing) {
    super(message);
    this.name = "PartialCreation";
    this.existing = existing;
  }
}
