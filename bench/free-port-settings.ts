import { isFree } from "./free-ports.ts";

/** Settings of a fleet file, by path, that move every port which a fleet publishes on the host. */
export type PortSettings = Readonly<Record<string, number>>;

const servers = Array.from({ length: 11 }, (_, index) => 3001 + index);
const others = [4000, 4001, 4002, 4003];

/**
 * Ports that nobody has, below the range from which systems hand out ports of outgoing connections: so that a test can run
 * beside a fleet that lives on the default ones.
 */
export async function freePortSettings(): Promise<PortSettings> {
  for (let tries = 0; tries < 50; tries += 1) {
    const offset = 10_000 + Math.floor(Math.random() * 180) * 100;
    const free = await Promise.all([...servers, ...others].map((port) => isFree(port + offset)));
    if (!free.every(Boolean)) continue;
    return {
      "gateway.port": offset + 4000,
      "gateway.serverPortOffset": offset,
      "monitoring.prometheus.port": offset + 4001,
      "monitoring.alertmanager.port": offset + 4002,
      "monitoring.grafana.port": offset + 4003,
    };
  }
  throw new Error("no free range of ports between 13001 and 32000");
}
