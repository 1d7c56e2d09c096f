import { KubernetesClient } from "../../components/platform/kubernetes/client.ts";
import { placeOf, type KubernetesPlace, type Place } from "../../infra/platforms/place.ts";
import { readStackFile } from "../../infra/config/index.ts";
import { rootDir } from "../stack.ts";
import * as containers from "./containers.ts";

/** Where a stack under test runs. */
export interface Stand {
  readonly platform: "docker" | "kubernetes";
  /** What runs: name -> what changes with every start, so that a restart shows. */
  incarnations(): Promise<Record<string, string>>;
  /** An address of the stack's outputs as this machine reaches it. */
  reachable(url: string): Promise<string>;
  close(): void;
}

/** Where the settings put a stack. */
export function placeOfStack(stack: string): Place {
  return placeOf(readStackFile(rootDir, stack).settings, stack);
}

export async function standOf(stack: string): Promise<Stand> {
  const place = placeOfStack(stack);
  if (place.platform === "kubernetes") return PodStand.open(place);
  return {
    platform: "docker",
    incarnations: () => containers.incarnations(stack),
    reachable: (url) => Promise.resolve(url),
    close: () => undefined,
  };
}

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    /** Set: it is on its way out. */
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

/** Whether it only drains: it still counts as running. */
export function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The pods that run and stay: name -> what changes with every start. */
export function incarnationsOf(pods: readonly Pod[]): Record<string, string> {
  return Object.fromEntries(
    pods
      .filter((pod) => pod.status.phase === "Running" && !isGoing(pod))
      .map(({ metadata, status: { containerStatuses = [] } }) => [
        metadata.name,
        `${metadata.uid} ${containerStatuses.map(({ restartCount }) => restartCount).join()}`,
      ]),
  );
}

class PodStand implements Stand {
  readonly platform = "kubernetes";
  readonly #client: KubernetesClient;

  private constructor(client: KubernetesClient) {
    this.#client = client;
  }

  static async open(place: KubernetesPlace): Promise<PodStand> {
    return new PodStand(await KubernetesClient.open(place));
  }

  async incarnations(): Promise<Record<string, string>> {
    return incarnationsOf(await this.#client.api.list<Pod>(this.#client.path("v1", "pods")));
  }

  /** The address of the Service: its name is known inside the cluster only. */
  async reachable(url: string): Promise<string> {
    const found = new URL(url);
    const [name, namespace] = found.hostname.split(".");
    if (namespace !== this.#client.namespace) return url;
    const { spec } = await this.#client.api.get<{ readonly spec: { readonly clusterIP: string } }>(
      this.#client.path("v1", "services", name),
    );
    found.hostname = spec.clusterIP;
    return found.href;
  }

  close(): void {
    this.#client.close();
  }
}

/** How many of what ran are not there any more, or were started again. */
export function disturbed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): number {
  return Object.entries(before).filter(([name, run]) => after[name] !== run).length;
}
