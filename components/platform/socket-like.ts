import { Duplex } from "node:stream";

/** A connection that does not come from a socket; clients that expect one set nothing on it. */
export abstract class SocketLike extends Duplex {
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
}
