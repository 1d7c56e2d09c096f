import { KubernetesClient, type ClientPlace } from "./client.ts";
import { untilReady } from "./rollout.ts";

/** How long the plugin waits; with the other one, how long we do in its place. */
const timeoutSeconds = "pulumi.com/timeoutSeconds";
const skipAwait = "pulumi.com/skipAwait";

/** Servers are judged by the gates, which say what is wrong within seconds; the plugin would wait for minutes. */
export const notAwaited = { [skipAwait]: "true" };

/**
 * Of what must be ready before anything else happens. The plugin would wait for minutes for an image that no node gets,
 * and then say so in the words of the cluster alone.
 *
 * @param seconds how long it may take.
 */
export function awaitedByUs(seconds: number): Record<string, string> {
  return { ...notAwaited, [timeoutSeconds]: String(seconds) };
}

/** Inputs of a Deployment or StatefulSet, as far as they are read here. */
interface Inputs {
  readonly metadata?: {
    readonly name?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Whether a workload with these inputs is waited for here. */
export function isAwaitedByUs(inputs: unknown): boolean {
  const { annotations = {} } = (inputs as Inputs | undefined)?.metadata ?? {};
  return skipAwait in annotations && timeoutSeconds in annotations;
}

/** Waits for a workload that was made or changed. @throws with what is missing, and what to do about it. */
export async function untilReadyAs(inputs: unknown, place: ClientPlace): Promise<void> {
  const { name = "", annotations } = (inputs as Inputs).metadata ?? {};
  const client = await KubernetesClient.open(place);
  try {
    await untilReady(client, name, Number(annotations?.[timeoutSeconds]));
  } finally {
    client.close();
  }
}
