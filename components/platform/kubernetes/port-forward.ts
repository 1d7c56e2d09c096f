import type { Duplex } from "node:stream";
import { SocketLike } from "../socket-like.ts";
import type { CallOptions } from "../transport.ts";
import type { KubernetesClient } from "./client.ts";
import { openPodSocket, type PodSocket } from "./streams.ts";

const channels = { data: 0, error: 1 } as const;

/**
 * How long a refusal may take to come back. The protocol says when a connection failed, never that it was accepted, so
 * what is silent for so long counts as that. Milliseconds.
 */
const silenceMs = 300;

/** The other side has no half-closed connections: after the end of what is written, the rest is awaited for so long. */
const lingerMs = 2000;

/**
 * A TCP connection to a port of a pod. A refusal comes as an error of the stream (`code: ECONNREFUSED`), or by the
 * promise, if `sure`.
 *
 * @param to namespace: default: the client's.
 */
export async function forwardTo(
  client: KubernetesClient,
  { pod, namespace }: { readonly pod: string; readonly namespace?: string },
  port: number,
  { signal, sure = false }: CallOptions = {},
): Promise<Duplex> {
  signal?.throwIfAborted();
  const stream = new ForwardedStream(`${pod}:${port}`);
  const abort = () => stream.destroy(new Error("no answer in time"));
  // Between the answer and the caller's own listeners, an error would end the process.
  stream.on("error", () => undefined);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const path = `${client.path("v1", "pods", pod, namespace)}/portforward?ports=${port}`;
    stream.attach(
      await openPodSocket(client.config, path, (channel, content) =>
        stream.receive(channel, content),
      ),
    );
    if (sure) await stream.settled();
    return stream;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

class ForwardedStream extends SocketLike {
  #socket: PodSocket | undefined;
  /** Each channel begins with the number of the port. */
  readonly #begun = new Set<number>();
  #heard: () => void = () => undefined;
  #linger: NodeJS.Timeout | undefined;
  #failure: Error | undefined;

  readonly #to: string;

  /** @param to pod and port, for errors. */
  constructor(to: string) {
    super({ allowHalfOpen: true });
    this.#to = to;
  }

  attach(socket: PodSocket): void {
    this.#socket = socket;
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.#ended());
    if (this.destroyed) socket.terminate();
  }

  /** Until the other side says something, or nothing for long enough. @throws if it refuses */
  async settled(): Promise<void> {
    if (this.#failure === undefined && !this.readableLength && !this.destroyed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, silenceMs);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    if (this.#failure) throw this.#failure;
    if (this.errored) throw this.errored;
  }

  /** @returns false to close the connection. */
  receive(channel: number, content: Buffer): boolean {
    let rest = content;
    if (!this.#begun.has(channel)) {
      this.#begun.add(channel);
      rest = content.subarray(2);
    }
    if (rest.length === 0) return true;
    if (channel === channels.data) {
      if (!this.push(rest)) this.#socket?.pause();
      this.#heard();
      return true;
    }
    if (channel === channels.error) this.#fail(rest.toString("utf8"));
    return channel !== channels.error;
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const frame = Buffer.alloc(chunk.length + 1);
    frame[0] = channels.data;
    chunk.copy(frame, 1);
    if (this.#socket === undefined) return done(new Error("not connected"));
    this.#socket.send(frame, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#linger = setTimeout(() => this.#socket?.close(), lingerMs).unref();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#linger);
    this.#socket?.terminate();
    this.#heard();
    done(error);
  }

  #fail(words: string): void {
    this.#failure = /connection refused/i.test(words)
      ? Object.assign(new Error(`${this.#to} refuses connections`), { code: "ECONNREFUSED" })
      : new Error(`${this.#to}: ${words.trim()}`);
    this.destroy(this.#failure);
  }

  #ended(): void {
    clearTimeout(this.#linger);
    this.#heard();
    if (this.destroyed || this.readableEnded) return;
    this.push(null);
    if (!this.writableEnded) this.end();
  }
}
