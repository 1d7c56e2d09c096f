import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";

/** A bundled server in a process of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly metricsUrl: string;
  readonly child: ChildProcess;
  /** Everything written to standard output and standard error so far. */
  readonly output: () => string;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

export type Environment = Readonly<Record<string, string>>;

/** Starts `server.mjs` on free ports; does not wait for it. */
export async function startServer(bundles: string, env: Environment): Promise<ServerProcess> {
  const [port, metricsPort] = await Promise.all([freePort(), freePort()]);
  const run = runNode(join(bundles, "server.mjs"), {
    HOST: "127.0.0.1",
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    ...env,
  });
  return {
    ...run,
    url: `http://127.0.0.1:${port}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  };
}

/** Runs a bundle with nothing in its environment but what is given. */
export function runNode(
  file: string,
  env: Environment,
): Pick<ServerProcess, "child" | "output" | "exited"> {
  const child = spawn(process.execPath, ["--max-old-space-size=64", file], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  const exited = once(child, "close").then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  );
  return { child, output: () => text, exited };
}

/** HTTP status of a GET, 0 while nobody listens. */
export async function statusOf(url: string): Promise<number> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(4000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}

/** Polls until `url` answers `status`; returns the milliseconds that took. */
export async function untilStatus(url: string, status: number, limitMs: number): Promise<number> {
  const started = performance.now();
  let last = 0;
  while (performance.now() - started < limitMs) {
    last = await statusOf(url);
    if (last === status) return performance.now() - started;
    await delay(50);
  }
  throw new Error(`${url} answered ${last} instead of ${status} for ${limitMs} ms`);
}
