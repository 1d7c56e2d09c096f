import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** No question to the network may take longer than this, in milliseconds. */
export const PROBE_MS = 2_000;

interface ProbeOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** @default 2000 */
  readonly timeoutMs?: number;
}

/** Proxy for a URL by the usual environment variables; undefined to connect directly. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): URL | undefined {
  const read = (name: string): string => env[name] ?? env[name.toUpperCase()] ?? "";
  const exempt = read("no_proxy")
    .split(",")
    .map((entry) => entry.trim().replace(/^\*?\./, ""))
    .some(
      (entry) =>
        entry === "*" ||
        (entry !== "" && (url.hostname === entry || url.hostname.endsWith(`.${entry}`))),
    );
  const proxy = url.protocol === "https:" ? read("https_proxy") : (env["http_proxy"] ?? "");
  if (exempt || proxy === "") return undefined;
  try {
    return new URL(proxy.includes("://") ? proxy : `http://${proxy}`);
  } catch {
    return undefined;
  }
}

/**
 * Whether something answers HTTP at `url`, through the environment's proxy if there is one. Any status counts: the
 * question is whether a download can work at all, so that one that cannot fails now and not after minutes.
 */
export function isReachable(url: string, options: ProbeOptions = {}): Promise<boolean> {
  const target = new URL(url);
  const timeoutMs = options.timeoutMs ?? PROBE_MS;
  const proxy = proxyFor(target, options.env ?? process.env);
  return new Promise<boolean>((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const request = proxy === undefined ? direct(target, signal) : through(proxy, target, signal);
    request.on("response", (response) => {
      response.resume();
      // A proxy that refuses the host answers too, but for itself.
      resolve(proxy === undefined || (response.statusCode ?? 500) < 400);
      request.destroy();
    });
    request.on("connect", (response, socket) => {
      socket.destroy();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
    request.end();
  });
}

function direct(target: URL, signal: AbortSignal): ReturnType<typeof httpRequest> {
  const send = target.protocol === "https:" ? httpsRequest : httpRequest;
  return send(target, { method: "HEAD", signal, agent: false });
}

function through(proxy: URL, target: URL, signal: AbortSignal): ReturnType<typeof httpRequest> {
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  const login = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  const send = proxy.protocol === "https:" ? httpsRequest : httpRequest;
  return send({
    host: proxy.hostname,
    port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
    method: "CONNECT",
    path: `${target.hostname}:${port}`,
    headers:
      login === ":"
        ? {}
        : { "Proxy-Authorization": `Basic ${Buffer.from(login).toString("base64")}` },
    signal,
    agent: false,
  });
}
