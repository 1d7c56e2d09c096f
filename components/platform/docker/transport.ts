import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import type { Duplex } from "node:stream";
import { BlockList } from "node:net";
import Docker from "dockerode";
import { labelNames } from "../labels.ts";
import {
  TransportError,
  WorkloadGoneError,
  type CallOptions,
  type Executed,
  type Target,
  type Transport,
  type WorkloadState,
} from "../transport.ts";
import { Tunnels } from "./tunnels.ts";
import { goneState, stateOf } from "./workload-state.ts";

export interface DockerTransportOptions {
  /** Default: the engine that the environment names. */
  readonly docker?: Docker;
  /** On everything that the transport itself starts. */
  readonly stack: string;
  /** On everything that the transport itself starts. */
  readonly transaction: string;
  /**
   * An image with `socat`, for engines whose networks cannot be reached from here. Default: the image of the stack's
   * gateway.
   */
  readonly helperImage?: string;
  /** Default: directly where this machine is on the target's network, else by a tunnel. */
  readonly way?: "direct" | "tunnel";
}

/**
 * Reaches containers: directly by their address where the engine is this Linux machine's own, else through commands
 * inside a short-lived helper container on the target's network. Nothing of the target needs to be published.
 */
export class DockerTransport implements Transport {
  readonly #docker: Docker;
  readonly #options: DockerTransportOptions;
  readonly #tunnels: Tunnels;

  constructor(options: DockerTransportOptions) {
    this.#docker = options.docker ?? new Docker();
    this.#options = options;
    this.#tunnels = new Tunnels(this.#docker, {
      labels: {
        [labelNames.stack]: options.stack,
        [labelNames.transaction]: options.transaction,
        [labelNames.component]: "probe-tunnel",
      },
      image: options.helperImage,
      stack: options.stack,
    });
  }

  async dial(target: Target, port: number, { signal }: CallOptions = {}): Promise<Duplex> {
    const info = await this.#inspect(target, signal);
    if (!info.State.Running) throw refused(`${target.component} is not running`);
    const networks = addressesOf(info);
    if (networks.length === 0) {
      throw new TransportError(`${target.component} has no address on any network`);
    }
    const reachable = networks.find(({ address }) => this.#isHere(address));
    if (reachable) return dialDirectly(reachable.address, port, signal);
    const { network, address } = networks[0]!;
    return this.#tunnels.open(network, address, port, signal);
  }

  async exec(
    target: Target,
    command: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<Executed> {
    return this.#engine(target, signal, async (container) => {
      const run = await container.exec({
        Cmd: [...command],
        AttachStdout: true,
        AttachStderr: true,
      });
      const stream = await run.start({});
      const stop = () => stream.destroy(new Error("no answer in time"));
      signal?.addEventListener("abort", stop, { once: true });
      try {
        const output = await collect(this.#docker, stream);
        const { ExitCode } = await run.inspect();
        return { code: ExitCode ?? -1, output };
      } finally {
        signal?.removeEventListener("abort", stop);
      }
    });
  }

  async execAll(
    target: Target,
    command: readonly string[],
    options?: CallOptions,
  ): Promise<readonly Executed[]> {
    return [await this.exec(target, command, options)];
  }

  async state(target: Target, { signal }: CallOptions = {}): Promise<WorkloadState> {
    try {
      return stateOf(await this.#inspect(target, signal));
    } catch (error) {
      if (error instanceof WorkloadGoneError) return goneState;
      throw error;
    }
  }

  async logs(target: Target, lines: number, { signal }: CallOptions = {}): Promise<string> {
    return this.#engine(target, signal, async (container) => {
      const raw = await container.logs({ stdout: true, stderr: true, tail: lines });
      return textOfFrames(raw);
    });
  }

  async inspect(target: Target, { signal }: CallOptions = {}): Promise<unknown> {
    const info = await this.#inspect(target, signal);
    // Fleets keep secrets out of the environment; images of others may not.
    const Env = info.Config.Env?.map((entry) => entry.replace(/=.*$/s, "=..."));
    return { ...info, Config: { ...info.Config, Env } };
  }

  async close(): Promise<void> {
    await this.#tunnels.close();
  }

  #inspect(target: Target, signal?: AbortSignal): Promise<Docker.ContainerInspectInfo> {
    return this.#engine(target, signal, (container) => container.inspect());
  }

  /** A question to the engine about one container, with errors that say whose they are. */
  async #engine<T>(
    target: Target,
    signal: AbortSignal | undefined,
    ask: (container: Docker.Container) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await ask(this.#docker.getContainer(target.workload));
    } catch (error) {
      signal?.throwIfAborted();
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === 404) throw new WorkloadGoneError(target);
      // 409: the container is not running, so nothing runs in it.
      if (statusCode === 409) throw refused(`${target.component} is not running`);
      throw new TransportError(`the Docker engine: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Whether the address is on a network that this machine is part of. */
  #isHere(address: string): boolean {
    const { way } = this.#options;
    if (way !== undefined) return way === "direct";
    return isLocalEngine(this.#docker) && localNetworks().check(address);
  }
}

/** A socket, on an engine that makes its networks on this machine: Docker Desktop's are in a virtual machine. */
function isLocalEngine(docker: Docker): boolean {
  const { socketPath } = docker.modem as { socketPath?: string };
  return process.platform === "linux" && socketPath !== undefined;
}

/** IPv4 networks that this machine has an address on. */
function localNetworks(): BlockList {
  const list = new BlockList();
  for (const entry of Object.values(networkInterfaces()).flat()) {
    if (entry?.family !== "IPv4" || entry.internal || entry.cidr === null) continue;
    list.addSubnet(entry.address, Number(entry.cidr.split("/")[1]), "ipv4");
  }
  return list;
}

/** Sorted by name, so that the same network is taken every time. */
function addressesOf({ NetworkSettings }: Docker.ContainerInspectInfo) {
  return Object.entries(NetworkSettings.Networks)
    .map(([network, { IPAddress }]) => ({ network, address: IPAddress }))
    .filter(({ address }) => address !== "")
    .sort((a, b) => (a.network < b.network ? -1 : 1));
}

function dialDirectly(host: string, port: number, signal?: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const abort = () => socket.destroy(new Error("no answer in time"));
    const settle = () => {
      signal?.removeEventListener("abort", abort);
      socket.off("error", fail);
    };
    const fail = (error: Error) => {
      settle();
      reject(error);
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: "ECONNREFUSED" });
}

/** Output of a command, stdout and stderr as they came. */
async function collect(docker: Docker, stream: Duplex): Promise<string> {
  const chunks: Buffer[] = [];
  const sink = { write: (chunk: Buffer) => chunks.push(chunk) };
  docker.modem.demuxStream(stream, sink as never, sink as never);
  await new Promise<void>((resolve, reject) => {
    stream.on("end", resolve);
    stream.on("close", resolve);
    stream.on("error", reject);
  });
  return Buffer.concat(chunks).toString("utf8");
}

/** Frames of the engine: 8 bytes of header, the last 4 of which are the length. */
function textOfFrames(raw: Buffer): string {
  const parts: string[] = [];
  for (let at = 0; at + 8 <= raw.length; at += 8 + raw.readUInt32BE(at + 4)) {
    parts.push(raw.subarray(at + 8, at + 8 + raw.readUInt32BE(at + 4)).toString("utf8"));
  }
  return parts.join("").trimEnd();
}
