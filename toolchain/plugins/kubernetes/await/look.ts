import type { Properties } from "../../bridge/values.ts";
import type { Severity } from "../../rpc/engine-log.ts";
import { isAnnotated, SKIP_AWAIT } from "../annotations.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { pathOf, type Kind } from "../kinds.ts";
import { namespaceOf } from "../object.ts";
import { notInitialised } from "./await.ts";
import { LASTING } from "./kinds.ts";
import { NotReady } from "./readiness.ts";

export interface Looked {
  readonly kind: Kind;
  readonly inputs: Properties;
  readonly object: Properties;
  readonly signal: AbortSignal;
  readonly status: (severity: Severity, message: string) => void;
}

/**
 * Looks once whether an object is ready, as a refresh does.
 *
 * @throws NotReady with what is missing
 */
export async function lookReady(cluster: Cluster, looked: Looked): Promise<void> {
  const { kind, object, signal, status } = looked;
  const make = LASTING[kind.kind];
  if (make === undefined || isAnnotated(looked.inputs, SKIP_AWAIT)) return;
  const readiness = make({
    object,
    client: cluster.client,
    once: true,
    status,
    later: () => undefined,
  });
  const [own, ...others] = readiness.watched;
  own?.on({ type: "ADDED", object });
  const lists = await Promise.all(
    others.map(async (watched) => {
      const path = pathOf(watched.kind, namespaceOf(object));
      // What cannot be listed is as if it were not there; the reasons say what is missing then.
      const listed = await cluster.lists.get(path, signal).catch(() => []);
      return () => listed.forEach((item) => watched.on({ type: "ADDED", object: item }));
    }),
  );
  for (const tell of lists) tell();
  if (readiness.isReady()) return;
  throw new NotReady(notInitialised(object), object, readiness.reasons());
}
