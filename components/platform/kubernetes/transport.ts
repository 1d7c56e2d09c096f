import type { Duplex } from "node:stream";
import {
  NobodyThereError,
  TransportError,
  WorkloadGoneError,
  type CallOptions,
  type Executed,
  type Target,
  type Transport,
  type WorkloadState,
} from "../transport.ts";
import { KubernetesApiError } from "./api.ts";
import type { KubernetesClient } from "./client.ts";
import { execIn } from "./exec.ts";
import type { Pod, Workload } from "./objects.ts";
import { NamespaceView } from "./namespace-view.ts";
import { containerOf, isRunning, parseHost, statusOf, troublesOf } from "./pods.ts";
import { forwardTo } from "./port-forward.ts";
import { serviceEnds } from "./service-ends.ts";
import { withoutValues } from "./without-values.ts";
import { goneState, stateOf } from "./workload-state.ts";

/**
 * Reaches pods through the API server: whoever may deploy the stack may do that, from wherever it is, and no network
 * policy has to let probes in.
 */
export class KubernetesTransport implements Transport {
  readonly #client: KubernetesClient;
  readonly #view: NamespaceView;
  /** Ended with the transport: one that is kept for the next question would keep the process, too. */
  readonly #streams = new Set<Duplex>();
  #closed = false;
  #turn = 0;

  /** @param client stays open when the transport is closed. */
  constructor(client: KubernetesClient) {
    this.#client = client;
    this.#view = new NamespaceView(client);
  }

  async dial(target: Target, port: number, options: CallOptions = {}): Promise<Duplex> {
    return this.#asked(target, options, async () => {
      const ends = await this.#ends(target, port, options);
      const end = ends[this.#turn++ % ends.length]!;
      const stream = await forwardTo(this.#client, end, end.port, options);
      // Nobody waits for it any more.
      if (this.#closed || options.signal?.aborted === true) {
        stream.destroy();
        throw new Error("no answer in time");
      }
      this.#streams.add(stream);
      stream.once("close", () => this.#streams.delete(stream));
      return stream;
    });
  }

  async exec(
    target: Target,
    command: readonly string[],
    options: CallOptions = {},
  ): Promise<Executed> {
    return this.#asked(target, options, async () => {
      const [first] = await this.#running(target);
      return this.#run(target, first!, command, options);
    });
  }

  async execAll(
    target: Target,
    command: readonly string[],
    options: CallOptions = {},
  ): Promise<readonly Executed[]> {
    return this.#asked(target, options, async () => {
      const running = await this.#running(target);
      return Promise.all(running.map((pod) => this.#run(target, pod, command, options)));
    });
  }

  async state(target: Target, options: CallOptions = {}): Promise<WorkloadState> {
    return this.#asked(target, options, async () => {
      const { workload: name, pod: only } = parseHost(target.workload);
      const found = await this.#view.workload(name);
      if (found === undefined) return goneState;
      const all = await this.#view.podsOf(found);
      const pods = only === undefined ? all : all.filter(({ metadata }) => metadata.name === only);
      const workload = only === undefined ? found : alone(found);
      const seen = { workload, pods, events: [], now: this.#client.api.now() };
      const state = stateOf(seen);
      if (state.running) return state;
      return stateOf({ ...seen, events: await troublesOf(this.#client, options) });
    });
  }

  async logs(target: Target, lines: number, options: CallOptions = {}): Promise<string> {
    return this.#asked(target, options, async () => {
      const pods = await this.#pods(target);
      const texts = await Promise.all(
        pods.map(async (pod) => {
          const { name } = pod.metadata;
          const path = `${this.#client.path("v1", "pods", name)}/log`;
          const query = { tailLines: lines, container: containerOf(pod, target.component) };
          const text = await this.#client.api.text(path, { query, signal: options.signal });
          if (pods.length === 1) return text.trimEnd();
          return text.trimEnd().replaceAll(/^/gm, `${name}: `);
        }),
      );
      return texts.join("\n");
    });
  }

  async inspect(target: Target, options: CallOptions = {}): Promise<unknown> {
    return this.#asked(target, options, async () => {
      const { workload: name } = parseHost(target.workload);
      const workload = await this.#view.workload(name);
      if (workload === undefined) throw new WorkloadGoneError(target);
      const [pods, events] = await Promise.all([
        this.#view.podsOf(workload),
        troublesOf(this.#client, options),
      ]);
      return withoutValues({ workload, pods, events });
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#streams) stream.destroy();
    return Promise.resolve();
  }

  #run(
    target: Target,
    pod: Pod,
    command: readonly string[],
    { signal }: CallOptions,
  ): Promise<Executed> {
    const where = { pod: pod.metadata.name, container: containerOf(pod, target.component) };
    return execIn(this.#client, where, command, signal);
  }

  /** Where a connection can go; at least one place. */
  async #ends(
    target: Target,
    port: number,
    { signal }: CallOptions,
  ): Promise<
    readonly { readonly pod: string; readonly namespace?: string; readonly port: number }[]
  > {
    const { workload: name, namespace } = parseHost(target.workload);
    if (namespace !== undefined && namespace !== this.#client.namespace) {
      return serviceEnds(this.#client, { name, namespace, port }, signal);
    }
    const running = await this.#running(target);
    // Whoever has not started refuses in the end; asking takes the API server, the kubelet and the runtime.
    const started = running.filter(
      (pod) => statusOf(pod, containerOf(pod, target.component))?.started !== false,
    );
    if (started.length === 0) throw refused(`${target.component} has not started yet`);
    return started.map(({ metadata }) => ({ pod: metadata.name, port }));
  }

  /** At least one. */
  async #running(target: Target): Promise<readonly Pod[]> {
    const pods = await this.#pods(target);
    const running = pods.filter((pod) => isRunning(pod, containerOf(pod, target.component)));
    if (running.length === 0) {
      throw refused(`${target.component} is not running`);
    }
    return running;
  }

  async #pods(target: Target): Promise<readonly Pod[]> {
    const { workload: name, pod: only } = parseHost(target.workload);
    const workload = await this.#view.workload(name);
    if (workload === undefined) throw new WorkloadGoneError(target);
    const all = await this.#view.podsOf(workload);
    if (only === undefined) return all;
    const pods = all.filter(({ metadata }) => metadata.name === only);
    // Its set makes it again, as after the loss of a node.
    if (pods.length === 0) throw refused(`${only} is not there`);
    return pods;
  }

  /** What goes wrong in the namespace, as its controllers say it; nothing, if that may not be read. */
  /** Errors that say whose they are. */
  async #asked<Answer>(
    target: Target,
    { signal }: CallOptions,
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    signal?.throwIfAborted();
    try {
      return await orAborted(ask(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof WorkloadGoneError || error instanceof NobodyThereError) throw error;
      if ((error as { code?: string }).code === "ECONNREFUSED" && isOurs(error)) throw error;
      // The pod went between two questions; whether another comes is for the next one.
      if (error instanceof KubernetesApiError && error.status === 404) {
        throw refused(`a pod of ${target.component} has just gone`);
      }
      throw new TransportError(`Kubernetes: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** What several wait for is not ended by one of them; that one leaves. */
function orAborted<Answer>(answer: Promise<Answer>, signal?: AbortSignal): Promise<Answer> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Error("no answer in time"));
    signal.addEventListener("abort", leave, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNREFUSED" });
}

/** A refusal by the workload, as against one by the API server's address. */
function isOurs(error: unknown): boolean {
  return (error as { syscall?: string }).syscall === undefined;
}

/** A workload of which one pod is looked at. */
function alone({ metadata, spec }: Workload): Pick<Workload, "metadata" | "spec" | "status"> {
  const { generation: _, ...own } = metadata;
  return { metadata: own, spec: { ...spec, replicas: 1 }, status: { updatedReplicas: 1 } };
}
