import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Target, Transport } from "../platform/transport.ts";
import { backendName } from "./gateway-routes.ts";

/** One backend as the running gateway sees it; see `gateway-ctl traffic`. */
const trafficSchema = z.array(
  z.object({
    server: z.string(),
    backend: z.string(),
    /** Calls and streams under way. */
    inFlight: z.number(),
    /** Since the last request; null if there never was one. */
    lastRequestSeconds: z.number().nullable(),
    /** Open 2025 sessions; null where the server does not say so, or is gone. */
    sessions: z.number().nullable(),
  }),
);

/** A server that is being taken over: addresses of the two releases. */
export interface TakeOver {
  readonly server: string;
  readonly from: string;
  readonly to: string;
}

/** Moves traffic at the running gateway, at once and without a reload. */
export class GatewayTraffic {
  readonly #transport: Transport;
  readonly #gateway: Target;

  constructor(transport: Transport, gateway: Target) {
    this.#transport = transport;
    this.#gateway = gateway;
  }

  /** @param percent share of new sessions and calls that the new release gets, 1-100. */
  async share(takeOvers: readonly TakeOver[], percent: number): Promise<void> {
    for (const { server, from, to } of takeOvers) {
      await this.#run([
        ...["weights", server],
        ...[`${backendName(to)}=${percent}`, `${backendName(from)}=${100 - percent}`],
      ]);
    }
  }

  /**
   * Waits until the old servers have nothing more to do: no call under way, no open session. Those that still have when
   * the time is over are cut off from what is new; their calls may finish.
   *
   * @returns servers whose time was over.
   */
  async drain(takeOvers: readonly TakeOver[], limitSeconds: number): Promise<string[]> {
    const deadline = Date.now() + limitSeconds * 1000;
    for (;;) {
      const busy = await this.#busy(takeOvers);
      if (busy.length === 0) return [];
      if (Date.now() >= deadline) {
        for (const { server, from } of busy) await this.#run(["retire", server, backendName(from)]);
        return busy.map(({ server }) => server);
      }
      await delay(500);
    }
  }

  async #busy(takeOvers: readonly TakeOver[]): Promise<readonly TakeOver[]> {
    const traffic = trafficSchema.parse(JSON.parse(await this.#run(["traffic"])));
    return takeOvers.filter(({ server, from }) =>
      traffic.some(
        (entry) =>
          entry.server === server &&
          entry.backend === backendName(from) &&
          (entry.inFlight > 0 || (entry.sessions ?? 0) > 0),
      ),
    );
  }

  async #run(command: readonly string[]): Promise<string> {
    const { code, output } = await this.#transport.exec(this.#gateway, ["gateway-ctl", ...command]);
    if (code !== 0) throw new Error(`gateway-ctl ${command[0] ?? ""}: ${output.slice(-500)}`);
    return output;
  }
}
