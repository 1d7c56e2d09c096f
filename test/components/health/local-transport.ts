import { connect } from "node:net";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { Target, Transport, WorkloadState } from "../../../components/platform/transport.ts";

/** Everything that is asked for is on this machine's loopback; counts the connections. */
export class LocalTransport implements Transport {
  dialled = 0;
  states: WorkloadState[] = [];

  async dial(_target: Target, port: number): Promise<Duplex> {
    this.dialled += 1;
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  }

  exec(): Promise<never> {
    return Promise.reject(new Error("nothing runs here"));
  }

  execAll(): Promise<never> {
    return this.exec();
  }

  state(): Promise<WorkloadState> {
    return Promise.resolve(this.states.length > 1 ? this.states.shift()! : this.states[0]!);
  }

  logs(): Promise<string> {
    return Promise.resolve("");
  }

  inspect(): Promise<unknown> {
    return Promise.resolve({});
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
