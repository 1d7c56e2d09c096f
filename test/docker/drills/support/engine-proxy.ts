import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

const engine = "/var/run/docker.sock";

/** A way to the Docker engine that can be cut: for one command the engine stops, and for nobody else. */
export class EngineProxy {
  readonly #open = new Set<Socket>();
  // A stream that is attached to a container is closed on one side first.
  readonly #server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ path: engine, allowHalfOpen: true });
    const ends = [client, upstream];
    for (const end of ends) {
      this.#open.add(end);
      end.on("error", () => undefined);
      end.on("close", () => {
        this.#open.delete(end);
        for (const other of ends) other.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @param path of a socket that does not exist yet. */
  static async listen(path: string): Promise<EngineProxy> {
    const proxy = new EngineProxy(path);
    proxy.#server.listen(path);
    await once(proxy.#server, "listening");
    return proxy;
  }

  /** For DOCKER_HOST. */
  get host(): string {
    return `unix://${this.#path}`;
  }

  /** What is under way breaks off, and nothing is accepted any more. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }
}
