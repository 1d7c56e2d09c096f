import { pathOf, type Kind } from "../kinds.ts";
import type { Client } from "./client.ts";
import { Informer, type Listener } from "./informer.ts";

/** A collection goes on being watched for so long after the last who asked: the next resource asks soon. */
const LINGER_MS = 5_000;

/** Watches of collections, shared: a hundred Deployments of a namespace need no more than one does. */
export class Informers {
  readonly #client: Client;
  readonly #byPath = new Map<string, Informer>();

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Tells what is in a collection, and then every change. What went away before the first look is never told of.
   *
   * @param onListed called once, after the first look
   * @returns ends it
   */
  subscribe(
    kind: Pick<Kind, "apiVersion" | "plural">,
    namespace: string,
    listener: Listener,
    onListed: () => void = () => undefined,
  ): () => void {
    const path = pathOf(kind, namespace);
    let informer = this.#byPath.get(path);
    if (informer === undefined) {
      informer = new Informer(this.#client, path);
      this.#byPath.set(path, informer);
    }
    const watched = informer;
    watched.add(listener, onListed);
    return () => {
      watched.remove(listener, onListed);
      setTimeout(() => {
        if (!watched.isIdle || this.#byPath.get(path) !== watched) return;
        this.#byPath.delete(path);
        watched.stop();
      }, LINGER_MS).unref();
    };
  }
}
