import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type Docker from "dockerode";
import { labelNames } from "../labels.ts";
import { TransportError } from "../transport.ts";
import { ExecStream } from "./exec-stream.ts";

interface TunnelOptions {
  readonly labels: Readonly<Record<string, string>>;
  readonly image: string | undefined;
  readonly stack: string;
}

/** A helper that nobody removed ends by itself, and the engine removes what ended. Seconds. */
const lifetimeSeconds = 1800;

/** One helper container per network; a connection is a `socat` inside of it. */
export class Tunnels {
  readonly #docker: Docker;
  readonly #options: TunnelOptions;
  readonly #helpers = new Map<string, Promise<Docker.Container>>();

  constructor(docker: Docker, options: TunnelOptions) {
    this.#docker = docker;
    this.#options = options;
  }

  async open(
    network: string,
    address: string,
    port: number,
    signal?: AbortSignal,
  ): Promise<Duplex> {
    const helper = await this.#helper(network);
    signal?.throwIfAborted();
    const stream = await this.#connect(helper, network, address, port);
    const abort = () => stream.destroy(new Error("no answer in time"));
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await stream.connected;
      return stream;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async #connect(
    helper: Docker.Container,
    network: string,
    address: string,
    port: number,
  ): Promise<ExecStream> {
    try {
      const run = await helper.exec({
        Cmd: ["socat", "-d", "-d", "-T", "3600", "-", `TCP:${address}:${port},connect-timeout=5`],
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
      });
      const stream = new ExecStream(await run.start({ hijack: true, stdin: true }));
      stream.on("error", () => undefined);
      return stream;
    } catch (error) {
      // Whatever became of the helper, the next connection gets a new one.
      this.#helpers.delete(network);
      await helper.remove({ force: true, v: true }).catch(() => undefined);
      throw new TransportError(`tunnel into ${network}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Removes every helper. */
  async close(): Promise<void> {
    const helpers = [...this.#helpers.values()];
    this.#helpers.clear();
    await Promise.all(
      helpers.map(async (starting) => {
        const helper = await starting.catch(() => undefined);
        await helper?.remove({ force: true, v: true }).catch(() => undefined);
      }),
    );
  }

  #helper(network: string): Promise<Docker.Container> {
    const known = this.#helpers.get(network);
    if (known) return known;
    const starting = this.#start(network).catch((error: unknown) => {
      this.#helpers.delete(network);
      throw new TransportError(`tunnel into ${network}: ${(error as Error).message}`, {
        cause: error,
      });
    });
    this.#helpers.set(network, starting);
    return starting;
  }

  async #start(network: string): Promise<Docker.Container> {
    const container = await this.#docker.createContainer({
      name: `mcp-fleet-${this.#options.stack}-probe-tunnel-${randomBytes(4).toString("hex")}`,
      Image: this.#options.image ?? (await this.#gatewayImage()),
      Entrypoint: ["sleep", String(lifetimeSeconds)],
      Cmd: [],
      Labels: { ...this.#options.labels },
      // Never as healthy as the image's own program would have to be.
      Healthcheck: { Test: ["NONE"] },
      HostConfig: {
        NetworkMode: network,
        AutoRemove: true,
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: 64 * 1048576,
        PidsLimit: 256,
        Init: true,
      },
    });
    try {
      await container.start();
    } catch (error) {
      await container.remove({ force: true }).catch(() => undefined);
      throw error;
    }
    return container;
  }

  /** Image that the stack's gateway runs: it has what a tunnel needs. */
  async #gatewayImage(): Promise<string> {
    const [gateway] = await this.#docker.listContainers({
      all: true,
      filters: {
        label: [`${labelNames.stack}=${this.#options.stack}`, `${labelNames.component}=gateway`],
      },
    });
    if (!gateway) throw new Error("the stack has no gateway whose image could be used");
    return gateway.ImageID;
  }
}
