import { randomBytes } from "node:crypto";
import { isObject, mapProperties, withoutSecrets, type Properties } from "../bridge/values.ts";
import { declaredFieldManager } from "./annotations.ts";
import { textAt, withMember } from "./object.ts";
import { markSecrets } from "./secrets.ts";

const INPUTS = "__inputs";
const INITIAL_API_VERSION = "__initialApiVersion";
const FIELD_MANAGER = "__fieldManager";

/** The state of a resource, taken apart. */
export interface Checkpoint {
  readonly inputs: Properties;
  /** The object as the cluster last had it. */
  readonly live: Properties;
  /** Version of the API by which it was created. */
  readonly initialApiVersion: string;
  readonly fieldManager: string;
}

export function parseCheckpoint(state: Properties): Checkpoint {
  const plain = mapProperties(state, withoutSecrets);
  const inputs = plain[INPUTS];
  return {
    inputs: isObject(inputs) ? inputs : {},
    live: withMember(plain, [INPUTS], undefined),
    initialApiVersion: textAt(plain, INITIAL_API_VERSION),
    fieldManager: textAt(plain, FIELD_MANAGER),
  };
}

/**
 * The state of a resource, from which its attributes, its next Diff and its next patch come.
 *
 * @param from the inputs as the engine sent them, which say what is secret
 */
export function toState(checkpoint: Checkpoint, from: Properties): Properties {
  // Who manages which field is asked of the cluster when it matters, and would only make noise in state.
  const live = withMember(checkpoint.live, ["metadata", "managedFields"], undefined);
  return {
    ...markSecrets(live, from),
    [INPUTS]: markSecrets(checkpoint.inputs, from),
    [INITIAL_API_VERSION]: checkpoint.initialApiVersion,
    [FIELD_MANAGER]: checkpoint.fieldManager,
  };
}

/** Name under which the stand-in applies an object: declared, else as before, else a new one. */
export function fieldManagerOf(inputs: Properties, before = ""): string {
  const declared = declaredFieldManager(inputs);
  if (declared !== "") return declared;
  return before !== "" ? before : `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}
