import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";

/** One alert as a receiver was told of it. */
export interface Told {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Receiver that it was sent to: last part of its URL. */
  readonly receiver: string;
  readonly status: "firing" | "resolved";
  readonly alert: string;
  readonly service: string;
}

interface Notification {
  readonly alerts: readonly {
    readonly status: Told["status"];
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** Whoever is told of alerts by webhook; a path for each receiver. */
export class WebhookReceiver {
  readonly told: Told[] = [];
  readonly #server: Server = createServer((request, response) => {
    const at = Date.now();
    const receiver = request.url?.split("/").at(-1) ?? "";
    json(request)
      .then((body) => {
        for (const { status, labels } of (body as Notification).alerts) {
          const { alertname: alert = "", service = "" } = labels;
          this.told.push({ at, receiver, status, alert, service });
        }
        response.end();
      })
      .catch(() => response.writeHead(400).end());
  });

  /** Listens where containers can reach it: on every address of this machine. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "0.0.0.0", resolve));
  }

  url(receiver: string): string {
    const own = Object.values(networkInterfaces())
      .flat()
      .find((entry) => entry?.family === "IPv4" && !entry.internal);
    if (!own) throw new Error("this machine has no address but loopback");
    return `http://${own.address}:${(this.#server.address() as AddressInfo).port}/${receiver}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
