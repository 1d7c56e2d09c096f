import { setTimeout as sleep } from "node:timers/promises";
import type { Properties } from "../bridge/values.ts";
import { InitializationFailed, type CreateAnswer } from "../rpc/provider.ts";
import { timeoutMs } from "./annotations.ts";
import { awaitReady } from "./await/await.ts";
import { NotReady } from "./await/readiness.ts";
import { fieldManagerOf, toState } from "./checkpoint.ts";
import { ApiError, isConflict, isForbidden, isNotFound, NotServed } from "./cluster/api-error.ts";
import { pathOf } from "./kinds.ts";
import { idOf, nameOf, namespaceOf, withMember } from "./object.ts";
import type { Declared, Operation } from "./operation.ts";

/** Manager of fields that a creation sets; the first update hands them over to the resource's own. */
const CREATOR = "pulumi-kubernetes";

/** A namespace, or the definition of a custom resource, may be on its way: so often it is tried again, and so on. */
const RETRIES = 5;
const FIRST_PAUSE_MS = 1_000;

/**
 * Creates an object and waits until it is ready.
 *
 * @throws InitializationFailed if it is there but not ready
 */
export async function create(operation: Operation, declared: Declared): Promise<CreateAnswer> {
  const { kind, preview, urn } = operation;
  const { inputs, from } = declared;
  const fieldManager = fieldManagerOf(inputs);
  const stateOf = (live: Properties) =>
    toState({ inputs, live, initialApiVersion: kind.apiVersion, fieldManager }, from);
  let created: Properties;
  try {
    created = await retried(operation, () => send(operation, inputs, fieldManager));
  } catch (error) {
    if (preview && isUnforeseeable(error)) return { id: "", properties: from };
    throw refused(urn, error);
  }
  if (preview) return { id: "", properties: stateOf(withMember(created, ["status"], undefined)) };

  const { cluster, signal, status } = operation;
  try {
    const limit = timeoutMs(inputs, operation.timeout);
    const live = await awaitReady(cluster, {
      ...{ kind, inputs, object: created, timeoutMs: limit, signal, status },
    });
    status("info", "");
    return { id: idOf(live), properties: stateOf(live) };
  } catch (error) {
    if (!(error instanceof NotReady)) throw error;
    const message =
      `resource "${urn}" was successfully created, but the Kubernetes API server ` +
      `reported that it failed to fully initialize or become live: ${error.message}`;
    throw new InitializationFailed(message, idOf(error.object), stateOf(error.object), error);
  }
}

async function send(
  operation: Operation,
  inputs: Properties,
  fieldManager: string,
): Promise<Properties> {
  const { cluster, kind, preview: dryRun, settings, signal } = operation;
  await cluster.require(kind.apiVersion, kind.kind, signal);
  const namespace = namespaceOf(inputs);
  if (!settings.upsertExistingObjects) {
    const options = { fieldManager: CREATOR, dryRun };
    return cluster.client.create(pathOf(kind, namespace), inputs, options);
  }
  const path = pathOf(kind, namespace, nameOf(inputs));
  // Nothing is taken over by a preview, so there it may overrule others.
  const force = dryRun || settings.enablePatchForce;
  return cluster.client.apply(path, inputs, { fieldManager, dryRun, force });
}

async function retried<Result>(
  { preview, signal, status }: Operation,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let retry = 0, pause = FIRST_PAUSE_MS; ; retry++, pause *= 2) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      const mayPass = isNotFound(error) || error instanceof NotServed;
      if (!mayPass || retry === RETRIES || (preview && lacksNamespace(error))) throw error;
      status("info", `Retry #${retry}; creation failed: ${error.message}`);
      await sleep(pause, undefined, { signal });
    }
  }
}

function lacksNamespace(error: unknown): boolean {
  return isNotFound(error) && error.kind === "namespaces";
}

/** What a preview cannot know, because something else of the program comes first or the user may only look. */
function isUnforeseeable(error: unknown): boolean {
  return isForbidden(error) || isConflict(error) || lacksNamespace(error) || noDryRun(error);
}

/** An admission webhook that may have effects refuses to be asked without any. */
function noDryRun(error: unknown): boolean {
  return error instanceof ApiError && error.message.includes("does not support dry run");
}

function refused(urn: string, error: unknown): Error {
  const { message } = error as Error;
  if (error instanceof NotServed) {
    return new Error(
      `creation of resource "${urn}" failed because the Kubernetes API server reported that the ` +
        `apiVersion for this resource does not exist. Verify that any required CRDs have been created: ${message}`,
    );
  }
  const hint = isConflict(error)
    ? "\nTo manage an object that is already there, `pulumi import` it, or set upsertExistingObjects on the provider."
    : "";
  return new Error(
    `resource "${urn}" was not successfully created by the Kubernetes API server: ${message}${hint}`,
  );
}
