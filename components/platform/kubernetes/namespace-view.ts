import type { KubernetesClient } from "./client.ts";
import type { Pod, Workload } from "./objects.ts";
import { living } from "./pods.ts";

/** A gate asks for sixty things twice a second: what is younger than this serves them all. Milliseconds. */
const maxAgeMs = 400;

/** Workloads and pods of a namespace, read with one question each for everybody who wants to know at the same time. */
export class NamespaceView {
  readonly #client: KubernetesClient;
  readonly #read = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** The StatefulSet or Deployment of that name; undefined if there is none. */
  async workload(name: string): Promise<Workload | undefined> {
    const asked = performance.now();
    // Somebody may have looked just before it was made, and what does not exist is given up at once.
    return (await this.#workload(name)) ?? this.#workload(name, asked);
  }

  async #workload(name: string, since?: number): Promise<Workload | undefined> {
    const [sets, deployments] = await Promise.all([
      this.#list<Workload>("apps/v1", "statefulsets", since),
      this.#list<Workload>("apps/v1", "deployments", since),
    ]);
    const named = ({ metadata }: Workload): boolean => metadata.name === name;
    const set = sets.find(named);
    if (set) return { ...set, kind: "StatefulSet" };
    const deployment = deployments.find(named);
    return deployment && { ...deployment, kind: "Deployment" };
  }

  /** Pods of a workload that are not on their way out, by name. */
  async podsOf({ spec }: Pick<Workload, "spec">): Promise<readonly Pod[]> {
    const wanted = Object.entries(spec.selector.matchLabels ?? {});
    const pods = await this.#list<Pod>("v1", "pods");
    return living(
      pods.filter(({ metadata }) =>
        wanted.every(([label, value]) => metadata.labels?.[label] === value),
      ),
    );
  }

  /** @param since oldest look that will do; else one of `maxAgeMs` ago does. */
  #list<Item>(group: string, plural: string, since?: number): Promise<readonly Item[]> {
    const known = this.#read.get(plural);
    const now = performance.now();
    if (known && known.at >= (since ?? now - maxAgeMs)) {
      return known.answer as Promise<readonly Item[]>;
    }
    // Nobody's signal: others wait for the same answer.
    const answer = this.#client.api.list<Item>(this.#client.path(group, plural), {});
    this.#read.set(plural, { at: now, answer });
    answer.catch(() => this.#read.delete(plural));
    return answer;
  }
}
