import Docker from "dockerode";

/** How to reach the Docker engine; a function, so that provider settings arrive before first use. */
export type Engine = () => Docker;

/**
 * Connects to the engine.
 *
 * @param host as in `unix:///var/run/docker.sock` or `tcp://host:2375`; empty means `DOCKER_HOST`,
 *   and without that the local socket
 * @throws if the setting has another scheme
 */
export function connect(host: string | undefined): Docker {
  if (host === undefined || host === "") return new Docker();
  if (host.startsWith("unix://")) return new Docker({ socketPath: host.slice("unix://".length) });
  if (!/^(tcp|https?):\/\//.test(host)) {
    throw new Error(`docker:host: got ${host}, this stand-in supports unix://, tcp://, http(s)://`);
  }
  const url = new URL(host.replace(/^tcp:/, "http:"));
  return new Docker({
    protocol: url.protocol === "https:" ? "https" : "http",
    host: url.hostname,
    port: Number(url.port || 2375),
  });
}

/** What the engine said, without the client's own "(HTTP code ...)" around it. */
export function engineMessage(error: unknown): string {
  if (isObject(error) && isObject(error.json) && typeof error.json.message === "string") {
    return `Error response from daemon: ${error.json.message}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** True if the engine answered that there is no such object. */
export function isNotFound(error: unknown): boolean {
  return isObject(error) && error.statusCode === 404;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
