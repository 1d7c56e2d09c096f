import type { Properties } from "../bridge/values.ts";
import { InitializationFailed } from "../rpc/provider.ts";
import { forcesPatch, timeoutMs } from "./annotations.ts";
import { awaitReady } from "./await/await.ts";
import { NotReady } from "./await/readiness.ts";
import { fieldManagerOf, toState, type Checkpoint } from "./checkpoint.ts";
import { isConflict, isForbidden, NotServed } from "./cluster/api-error.ts";
import { pathOf } from "./kinds.ts";
import { handOver, hasOwnFormer, withoutIgnored } from "./managed-fields.ts";
import { idOf, nameOf, namespaceOf, objectsAt } from "./object.ts";
import type { Declared, Operation } from "./operation.ts";

/**
 * Applies inputs to an object and waits until it is ready.
 *
 * @param old the state so far
 * @throws InitializationFailed if the object is there, but was not changed or is not ready
 */
export async function update(
  operation: Operation,
  old: Checkpoint,
  { inputs, from }: Declared,
  ignoreChanges: readonly string[],
): Promise<{ readonly properties: Properties }> {
  const { cluster, kind, preview, signal, status } = operation;
  const path = pathOf(kind, namespaceOf(old.live), nameOf(old.live));
  const fieldManager = fieldManagerOf(inputs, old.fieldManager);
  const initialApiVersion = old.initialApiVersion || kind.apiVersion;
  const stateOf = (live: Properties) =>
    toState({ inputs, live, initialApiVersion, fieldManager }, from);
  try {
    await cluster.require(kind.apiVersion, kind.kind, signal);
    const last = await cluster.client.get(path, signal);
    const object = await apply(operation, { path, last, inputs, fieldManager, ignoreChanges });
    if (preview) return { properties: stateOf(object) };
    const limit = timeoutMs(inputs, operation.timeout);
    const live = await awaitReady(cluster, {
      ...{ kind, inputs, object, last, timeoutMs: limit, signal, status },
    });
    status("info", "");
    return { properties: stateOf(live) };
  } catch (error) {
    if (preview && isForbidden(error)) return { properties: from };
    throw await failure(operation, path, error as Error, stateOf);
  }
}

interface Patch {
  readonly path: string;
  /** The object as it is. */
  readonly last: Properties;
  readonly inputs: Properties;
  readonly fieldManager: string;
  readonly ignoreChanges: readonly string[];
}

async function apply(operation: Operation, patch: Patch): Promise<Properties> {
  const { cluster, preview: dryRun, settings } = operation;
  const { path, fieldManager } = patch;
  let { last } = patch;
  const handed = dryRun ? undefined : handOver(last, fieldManager);
  if (handed !== undefined) last = await cluster.client.patch(path, handed);
  const inputs = withoutIgnored(patch.inputs, last, patch.ignoreChanges, fieldManager);
  const force =
    settings.enablePatchForce ||
    forcesPatch(inputs) ||
    objectsAt(last, "metadata", "managedFields").length === 0 ||
    (dryRun && hasOwnFormer(last));
  try {
    return await cluster.client.apply(path, inputs, { fieldManager, dryRun, force });
  } catch (error) {
    if (!isConflict(error)) throw error;
    throw new Error(
      `The resource managed by field manager "${fieldManager}" had an apply conflict: ${error.message}` +
        '\nTo take the fields over, annotate the object with pulumi.com/patchForce: "true".',
    );
  }
}

async function failure(
  operation: Operation,
  path: string,
  error: Error,
  stateOf: (live: Properties) => Properties,
): Promise<Error> {
  if (error instanceof NotServed) {
    return new Error(
      `update of resource "${operation.urn}" failed because the Kubernetes API server reported that the ` +
        `apiVersion for this resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
    );
  }
  let live: Properties;
  try {
    // Without the signal: what is there now is wanted after a cancellation, too.
    live = await operation.cluster.client.get(path);
  } catch (lost) {
    return new Error(
      `update of resource "${operation.urn}" failed: ${error.message}\n` +
        `unable to get cluster state: ${(lost as Error).message}`,
    );
  }
  const message =
    `the Kubernetes API server reported that "${idOf(live)}" failed to fully initialize ` +
    `or become live: ${error.message}`;
  const causes = error instanceof NotReady ? error.causes : [];
  return new InitializationFailed(message, idOf(live), stateOf(live), { causes });
}
