import { Duplex } from "node:stream";

/** Frames of the engine: one byte of source, three unused, four of length. */
const headerBytes = 8;
const stdout = 1;

/**
 * The standard streams of a command inside a container as one connection: what is written goes to its input, what it
 * prints can be read. What it complains about becomes the error when it ends.
 */
export class ExecStream extends Duplex {
  readonly #inner: Duplex;
  #pending: Buffer = Buffer.alloc(0);
  #complaint = "";

  /** @param inner connection to the engine, after the upgrade. */
  constructor(inner: Duplex) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
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
    done(error);
  }

  // Clients that expect a socket call these; there is nothing to set on this one.
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  #take(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    for (;;) {
      if (this.#pending.length < headerBytes) return;
      const end = headerBytes + this.#pending.readUInt32BE(4);
      if (this.#pending.length < end) return;
      const content = this.#pending.subarray(headerBytes, end);
      if (this.#pending[0] !== stdout) this.#complaint += content.toString("utf8");
      else if (!this.push(content)) this.#inner.pause();
      this.#pending = this.#pending.subarray(end);
    }
  }

  #ended(): void {
    if (this.destroyed || this.readableEnded) return;
    const complaint = this.#complaint.trim().split("\n").at(-1);
    if (!complaint) {
      this.push(null);
      return;
    }
    const refused = /connection refused/i.test(complaint);
    const error = new Error(complaint);
    this.destroy(refused ? Object.assign(error, { code: "ECONNREFUSED" }) : error);
  }
}
