import type { Duplex } from "node:stream";
import { SocketLike } from "../socket-like.ts";

/** Frames of the engine: one byte of source, three unused, four of length. */
const headerBytes = 8;
const stdout = 1;

/**
 * The standard streams of a `socat -d -d` inside a container as one connection: what is written goes to its input, what
 * it prints can be read. Its log on stderr tells when it is connected, and why not.
 */
export class ExecStream extends SocketLike {
  readonly #inner: Duplex;
  /** Resolves once the other side has accepted; rejects if it did not. */
  readonly connected: Promise<void>;
  #accepted: () => void = () => undefined;
  #refused: (error: Error) => void = () => undefined;
  #pending: Buffer = Buffer.alloc(0);
  #log = "";

  /** @param inner connection to the engine, after the upgrade. */
  constructor(inner: Duplex) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    this.connected = new Promise((resolve, reject) => {
      this.#accepted = resolve;
      this.#refused = reject;
    });
    // Whoever does not wait for it learns of it by the stream.
    this.connected.catch(() => undefined);
    inner.on("data", (chunk: Buffer) => this.#take(chunk));
    inner.on("end", () => this.#ended());
    inner.on("error", (error) => this.destroy(error));
    inner.on("close", () => this.#ended());
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner.destroy();
    this.#refused(error ?? new Error("closed before it was connected"));
    done(error);
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#pending.length < headerBytes) return;
      const end = headerBytes + this.#pending.readUInt32BE(4);
      if (this.#pending.length < end) return;
      const content = this.#pending.subarray(headerBytes, end);
      if (this.#pending[0] !== stdout) this.#note(content.toString("utf8"));
      else if (!this.push(content)) this.#inner.pause();
      this.#pending = this.#pending.subarray(end);
    }
  }

  #note(text: string): void {
    this.#log += text;
    if (this.#log.includes("starting data transfer loop")) this.#accepted();
  }

  #ended(): void {
    if (this.destroyed || this.readableEnded) return;
    const complaint = / E (.*)/.exec(this.#log)?.[1];
    if (complaint === undefined) {
      this.#refused(new Error("the tunnel ended before it was connected"));
      this.push(null);
      return;
    }
    const refused = /connection refused/i.test(complaint);
    const error = new Error(complaint);
    this.destroy(refused ? Object.assign(error, { code: "ECONNREFUSED" }) : error);
  }
}
