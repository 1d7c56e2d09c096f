import type { Properties } from "../bridge/values.ts";
import { InitializationFailed } from "../rpc/provider.ts";
import { isAnnotated, propagationPolicy, SKIP_AWAIT, timeoutMs } from "./annotations.ts";
import { toState, type Checkpoint } from "./checkpoint.ts";
import { isNotFound } from "./cluster/api-error.ts";
import { pathOf } from "./kinds.ts";
import { idOf, member, nameOf, namespaceOf } from "./object.ts";
import type { Operation } from "./operation.ts";

/** Kinds whose end need not be waited for, if the program says so. */
const SKIPPABLE = ["Deployment", "Job", "Namespace", "StatefulSet"];

/**
 * Deletes an object, and with it what belongs to it, and waits until it is gone.
 *
 * @param state of the resource, for what is left of it
 */
export async function remove(
  operation: Operation,
  old: Checkpoint,
  state: Properties,
): Promise<void> {
  const { cluster, kind, signal } = operation;
  if (!cluster.serves(kind.apiVersion)) return;
  const path = pathOf(kind, namespaceOf(old.live), nameOf(old.live));
  signal.throwIfAborted();
  try {
    await cluster.client.delete(path, propagationPolicy(old.inputs));
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (isAnnotated(old.inputs, SKIP_AWAIT) && SKIPPABLE.includes(kind.kind)) return;
  const left = await untilGone(operation, old, path);
  if (left === undefined) return operation.status("info", "");

  const finalizers = member(left, "metadata", "finalizers");
  const names = Array.isArray(finalizers) ? finalizers.map(String).join(", ") : "";
  operation.log("warning", `finalizers might be preventing deletion (${names})`);
  const message = signal.aborted ? "context canceled" : "timed out waiting for the condition";
  const properties = toState({ ...old, inputs: old.live, live: left }, state);
  throw new InitializationFailed(message, idOf(left), properties);
}

/** @returns what is still there when the time is over */
async function untilGone(
  { cluster, kind, signal, timeout }: Operation,
  { inputs, live }: Checkpoint,
  path: string,
): Promise<Properties | undefined> {
  // Without the signal: the last look comes after a cancellation.
  const look = () =>
    cluster.client.get(path).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const isGone = (object: Properties | undefined) => object === undefined || !isSame(object, live);
  if (isGone(await look())) return undefined;

  await new Promise<void>((resolve) => {
    const stops: (() => void)[] = [];
    const end = () => {
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(end, timeoutMs(inputs, timeout));
    signal.addEventListener("abort", end);
    stops.push(
      () => clearTimeout(timer),
      () => signal.removeEventListener("abort", end),
      cluster.informers.subscribe(
        kind,
        namespaceOf(live),
        ({ type, object }) => type === "DELETED" && isSame(object, live) && end(),
        // It may have gone after the look, and before the watch was there to see it go.
        () =>
          void look().then(
            (object) => isGone(object) && end(),
            () => undefined,
          ),
      ),
    );
    if (signal.aborted) end();
  });
  const left = await look();
  return isGone(left) ? undefined : left;
}

/** Not another one of that name, made meanwhile. */
function isSame(object: Properties, live: Properties): boolean {
  const [one, other] = [object, live].map((each) => member(each, "metadata", "uid"));
  return nameOf(object) === nameOf(live) && (one === other || other === undefined);
}
