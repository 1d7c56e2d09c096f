import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node/dist/config.js";

/** Requests under way at once; more would only wait in the API server. */
const MAX_SOCKETS = 48;

/** Credentials of plugins and token files are asked for again after this: they expire without a word. */
const CREDENTIALS_MS = 60_000;

interface Access {
  readonly options: https.RequestOptions;
  readonly until: number;
}

/** HTTP to one API server, with the credentials of a kubeconfig and connections kept open. */
export class Connection {
  readonly server: URL;
  readonly #config: KubeConfig;
  #access: Promise<Access> | undefined;
  #agent: { readonly key: string; readonly agent: http.Agent } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.server = new URL(config.getCurrentCluster()?.server ?? "");
  }

  /** Sends a request; the answer's body has still to be read. */
  async send(
    method: string,
    path: string,
    headers: http.OutgoingHttpHeaders,
    body: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<http.IncomingMessage> {
    const options = await this.#options();
    const { protocol, hostname, port, pathname } = this.server;
    const request = (protocol === "http:" ? http : https).request({
      ...options,
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      method,
      path: pathname.replace(/\/$/, "") + path,
      headers: { ...options.headers, ...headers } as http.OutgoingHttpHeaders,
      ...(signal && { signal }),
    });
    return new Promise((resolve, reject) => {
      request.once("response", resolve);
      request.once("error", (error) => {
        reject(
          signal?.aborted
            ? error
            : new Error(`${method} ${this.server.origin}${path}: ${error.message}`),
        );
      });
      request.end(body);
    });
  }

  /** Forgets credentials that were refused. */
  expire(): void {
    this.#access = undefined;
  }

  async #options(): Promise<https.RequestOptions> {
    const access = await (this.#access ??= this.#obtain());
    if (access.until > Date.now()) return access.options;
    return (await (this.#access = this.#obtain())).options;
  }

  async #obtain(): Promise<Access> {
    const given: https.RequestOptions = {};
    await this.#config.applyToHTTPSOptions(given);
    const { ca, cert, key, servername, rejectUnauthorized, headers, auth } = given;
    const tls = { ca, cert, key, servername, rejectUnauthorized };
    const proxied = this.#config.getCurrentCluster()?.proxyUrl !== undefined;
    return {
      options: {
        agent: proxied ? given.agent : this.#agentFor(tls),
        ...(headers && { headers }),
        ...(auth && { auth }),
      },
      until: Date.now() + CREDENTIALS_MS,
    };
  }

  /** The same agent as long as the certificates are: open connections belong to it. */
  #agentFor(tls: https.AgentOptions): http.Agent {
    const given = Object.entries(tls).filter(([, value]) => value !== undefined);
    const key = given.map(([name, value]) => `${name}=${String(value)}`).join();
    if (this.#agent?.key === key) return this.#agent.agent;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, ...Object.fromEntries(given) };
    const agent =
      this.server.protocol === "http:" ? new http.Agent(options) : new https.Agent(options);
    this.#agent = { key, agent };
    return agent;
  }
}
