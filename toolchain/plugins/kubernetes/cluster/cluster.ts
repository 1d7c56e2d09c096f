import type { Settings } from "../settings.ts";
import { isObject } from "../../bridge/values.ts";
import { NotServed } from "./api-error.ts";
import { Client } from "./client.ts";
import { Connection } from "./connection.ts";
import { Informers } from "./informers.ts";
import { Lists } from "./lists.ts";
import { loadKubeConfig } from "./kube-config.ts";

/** Index of the API: which groups and versions the cluster serves. Small, and allowed to whoever may do anything. */
const INDEX = "/openapi/v3";

/** A cluster that answered. */
export class Cluster {
  readonly client: Client;
  readonly informers: Informers;
  readonly lists: Lists;
  #served: ReadonlySet<string>;

  private constructor(client: Client, served: ReadonlySet<string>) {
    this.client = client;
    this.informers = new Informers(client);
    this.lists = new Lists(client);
    this.#served = served;
  }

  /** @throws if it does not answer, or does not let us in */
  static async reach(connection: Connection, signal: AbortSignal): Promise<Cluster> {
    const client = new Client(connection);
    return new Cluster(client, await servedBy(client, signal));
  }

  serves(apiVersion: string): boolean {
    return this.#served.has(apiVersion);
  }

  /** @throws NotServed unless the cluster serves the version now: its definition may have come meanwhile */
  async require(apiVersion: string, kind: string, signal: AbortSignal): Promise<void> {
    if (this.serves(apiVersion)) return;
    this.#served = await servedBy(this.client, signal);
    if (!this.serves(apiVersion)) throw new NotServed(apiVersion, kind);
  }
}

async function servedBy(client: Client, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const { paths } = await client.get(INDEX, signal);
  const names = isObject(paths) ? Object.keys(paths) : [];
  return new Set(names.map((name) => name.replace(/^apis?\//, "")));
}

/** A cluster, or why there is none. Without one, a preview still works. */
type Reached =
  | { readonly cluster: Cluster; readonly reason?: never }
  | { readonly cluster?: never; readonly reason: string };

/** What the settings lead to: known at once, but for whether it answers. */
export interface Target {
  /** For objects that name none; "" without a kubeconfig. */
  readonly namespace: string;
  reach(): Promise<Reached>;
}

/** @param signal ends requests that are under way */
export function targetOf(settings: Settings, env: NodeJS.ProcessEnv, signal: AbortSignal): Target {
  let connection: Connection;
  let namespace: string;
  try {
    const config = loadKubeConfig(settings, env);
    connection = new Connection(config);
    namespace =
      settings.namespace ?? config.getContextObject(config.currentContext)?.namespace ?? "default";
  } catch (error) {
    const reason = `${unreadable(settings)}: ${(error as Error).message}`;
    return { namespace: settings.namespace ?? "", reach: () => Promise.resolve({ reason }) };
  }
  let reached: Promise<Reached> | undefined;
  return {
    namespace,
    reach: () =>
      (reached ??= Cluster.reach(connection, signal).then(
        (cluster) => ({ cluster }),
        (error: Error) => ({
          reason: `unable to load schema information from the API server: ${error.message}`,
        }),
      )),
  };
}

function unreadable(settings: Settings): string {
  return settings.kubeconfig === undefined
    ? "unable to load Kubernetes client configuration from kubeconfig file"
    : "failed to parse kubeconfig data in `kubernetes:config:kubeconfig`";
}
