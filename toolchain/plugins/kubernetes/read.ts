import type { Properties } from "../bridge/values.ts";
import { InitializationFailed, type ReadAnswer } from "../rpc/provider.ts";
import { lookReady } from "./await/look.ts";
import { NotReady } from "./await/readiness.ts";
import { fieldManagerOf, parseCheckpoint, toState } from "./checkpoint.ts";
import { isNotFound } from "./cluster/api-error.ts";
import { pathOf } from "./kinds.ts";
import { normalise } from "./normalise.ts";
import { nameOf, parseId, withMember } from "./object.ts";
import type { Declared, Operation } from "./operation.ts";
import { prune } from "./prune.ts";
import { markSecrets } from "./secrets.ts";

/** Annotations that controllers and other tools write. */
const NOT_INPUTS = [
  "deployment.kubernetes.io/revision",
  "kubectl.kubernetes.io/last-applied-configuration",
];

/**
 * Reads an object for a refresh, or for an import: then there are no inputs yet.
 *
 * @throws InitializationFailed if it is there but not ready
 */
export async function read(
  operation: Operation,
  id: string,
  state: Properties,
  { inputs: oldInputs, from }: Declared,
): Promise<ReadAnswer> {
  const { cluster, kind, signal, status } = operation;
  const { namespace, name } = parseId(id);
  const old = parseCheckpoint(state);
  const inputs = normalise(kind, oldInputs);
  const imported = inputs.kind === undefined && old.live.kind === undefined;
  if (!cluster.serves(kind.apiVersion)) return {};
  let live: Properties;
  try {
    live = await cluster.client.get(pathOf(kind, namespace, name), signal);
  } catch (error) {
    if (isNotFound(error)) return {};
    throw error;
  }

  const found = imported ? importedInputs(live) : prune(live, inputs);
  const initialApiVersion = old.initialApiVersion || kind.apiVersion;
  const fieldManager = fieldManagerOf(inputs, old.fieldManager);
  const answer = {
    id,
    properties: toState({ inputs: found, live, initialApiVersion, fieldManager }, from),
    inputs: markSecrets(found, from),
  };
  if (imported) return answer;
  try {
    await lookReady(cluster, { kind, inputs, object: live, signal, status });
    return answer;
  } catch (error) {
    if (!(error instanceof NotReady) || nameOf(live) === "") throw error;
    const detail = { causes: error.causes, liveInputs: answer.inputs };
    throw new InitializationFailed(error.message, id, answer.properties, detail);
  }
}

/** What a program would have declared to get the object. */
function importedInputs(live: Properties): Properties {
  const paths = [
    ["status"],
    ...["creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"].map(
      (name) => ["metadata", name],
    ),
    ...NOT_INPUTS.map((name) => ["metadata", "annotations", name]),
  ];
  return paths.reduce((rest, path) => withMember(rest, path, undefined), live);
}
