import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * As many free ports as asked for; all different. From below those that the system gives to whoever asks for any: engines
 * and plugins ask for many while a fleet lives, and would take one that a stopped gateway has just left.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(20_000, 32_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
