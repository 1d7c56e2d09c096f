import { connect } from "node:net";
import { Connections } from "../../../components/health/connections.ts";
import { gatewayPorts } from "../../../components/gateway/gateway-routes.ts";
import type { Transport } from "../../../components/platform/transport.ts";

/** Longest wait for an address that may be out of reach. Milliseconds. */
const connectMs = 2000;

/**
 * Addresses of the stack's outputs, from wherever this runs. Names of Services are known inside of the cluster alone, and
 * that of an Ingress perhaps not yet: then the way is through the API server, to the same pods.
 */
export class Reach {
  readonly #transport: Transport;
  readonly #connections: Connections;
  readonly #reachable = new Map<string, Promise<boolean>>();

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#connections = new Connections(transport);
  }

  async fetch(url: string | URL, init?: RequestInit): Promise<Response> {
    const address = new URL(url);
    if (await this.#isReachable(address)) return fetch(url, init);
    const inside = /\.svc(\.|$)/.test(address.hostname);
    const target = inside
      ? { component: address.hostname.split(".")[0]!, workload: address.hostname }
      : { component: "gateway", workload: "gateway" };
    const port = inside ? portOf(address) : gatewayPorts.public;
    return this.#connections.fetchTo(target, port)(url, init);
  }

  async close(): Promise<void> {
    this.#connections.close();
    await this.#transport.close();
  }

  #isReachable(address: URL): Promise<boolean> {
    const known = this.#reachable.get(address.origin);
    if (known) return known;
    const asked = accepts(address.hostname.replace(/^\[|\]$/g, ""), portOf(address));
    this.#reachable.set(address.origin, asked);
    return asked;
  }
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const answer = (yes: boolean) => () => {
      socket.destroy();
      resolve(yes);
    };
    socket.on("connect", answer(true)).on("error", answer(false)).on("timeout", answer(false));
  });
}
