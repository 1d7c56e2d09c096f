import type { Properties } from "../../bridge/values.ts";
import type { Severity } from "../../rpc/engine-log.ts";
import { isAnnotated, SKIP_AWAIT } from "../annotations.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Kind } from "../kinds.ts";
import { isOlder, nameOf, namespaceOf } from "../object.ts";
import { AWAITED } from "./kinds.ts";
import { NotReady } from "./readiness.ts";

/** Problems of pods are told of while waiting as often as this. */
const PROBLEMS_MS = 10_000;

export interface Waiting {
  readonly kind: Kind;
  readonly inputs: Properties;
  /** As the change left it. */
  readonly object: Properties;
  /** As it was before an update. */
  readonly last?: Properties;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly status: (severity: Severity, message: string) => void;
}

/**
 * Waits until an object is ready, as its kind means it.
 *
 * @returns the object as it is then
 * @throws NotReady with what is missing, when the time is over, it cannot become ready or the user has cancelled
 */
export async function awaitReady(cluster: Cluster, waiting: Waiting): Promise<Properties> {
  const { kind, object, last, signal } = waiting;
  const make = AWAITED[kind.kind];
  if (make === undefined) return object;
  if (isAnnotated(waiting.inputs, SKIP_AWAIT)) {
    waiting.status("info", "Skipping await logic");
    return object;
  }
  return new Promise((resolve, reject) => {
    const ends: (() => void)[] = [];
    let over = false;
    const end = (settle: () => void) => {
      if (over) return;
      over = true;
      for (const stop of ends) stop();
      settle();
    };
    const onEnd = (stop: () => void) => void (over ? stop() : ends.push(stop));
    const later = (ms: number, action: () => void) => {
      const timer = setTimeout(action, ms);
      onEnd(() => clearTimeout(timer));
    };

    const status = once(waiting.status);
    const readiness = make({
      object,
      ...(last && { last }),
      client: cluster.client,
      once: false,
      status,
      later: (ms, action) =>
        later(ms, () => {
          action();
          check();
        }),
    });
    const check = () => {
      if (over) return;
      if (readiness.isReady()) end(() => resolve(readiness.object));
      else if (readiness.hasFailed?.()) giveUp(notInitialised(object), false);
    };
    const giveUp = (message: string, acceptable = readiness.isAcceptable?.() ?? false) =>
      end(() => {
        if (acceptable) resolve(readiness.object);
        else reject(new NotReady(message, readiness.object, readiness.reasons()));
      });

    const { ms, message } = readiness.timeout ?? {
      ms: waiting.timeoutMs,
      message: `'${nameOf(object)}' timed out waiting to be Ready`,
    };
    later(ms, () => giveUp(message));
    const cancel = () => giveUp(`Resource operation was cancelled for "${nameOf(object)}"`);
    signal.addEventListener("abort", cancel);
    onEnd(() => signal.removeEventListener("abort", cancel));
    const problems = setInterval(() => {
      for (const problem of readiness.problems?.() ?? []) status("warning", problem);
    }, PROBLEMS_MS);
    onEnd(() => clearInterval(problems));

    for (const watched of readiness.watched) {
      onEnd(
        cluster.informers.subscribe(watched.kind, namespaceOf(object), (event) => {
          if (over || isOlder(event.object, object)) return;
          watched.on(event);
          check();
        }),
      );
    }
    if (signal.aborted) cancel();
    else check();
  });
}

/** How an object is called that exists, and did not come up. */
export function notInitialised(object: Properties): string {
  return `Resource '${nameOf(object)}' was created but failed to initialize`;
}

/** Says each message once. */
function once(status: Waiting["status"]): Waiting["status"] {
  const said = new Set<string>();
  return (severity, message) => {
    if (said.has(message)) return;
    said.add(message);
    status(severity, message);
  };
}
