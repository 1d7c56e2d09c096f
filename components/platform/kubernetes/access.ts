import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { KubeAccess } from "./light-config.ts";

/** What a question to an API server carries. */
export type Access = Pick<RequestOptions, "headers" | "auth"> & { readonly agent: HttpsAgent };

/** Certificates and tokens of plugins expire within minutes to hours. Milliseconds. */
const freshMs = 60_000;

/** Credentials of a kubeconfig, read again before they expire, and connections that are kept. */
export class FreshAccess {
  readonly #config: KubeAccess;
  #known: { readonly until: number; readonly value: Promise<Access> } | undefined;

  constructor(config: KubeAccess) {
    this.#config = config;
  }

  get(): Promise<Access> {
    if (this.#known === undefined || this.#known.until < Date.now()) {
      this.#known = { until: Date.now() + freshMs, value: this.#make() };
      // One that failed is asked anew.
      this.#known.value.catch(() => (this.#known = undefined));
    }
    return this.#known.value;
  }

  /** Ends idle connections; the next question opens new ones. */
  close(): void {
    void this.#known?.value.then(({ agent }) => agent.destroy()).catch(() => undefined);
    this.#known = undefined;
  }

  async #make(): Promise<Access> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    return {
      agent: keptAlive(options.agent as HttpsAgent),
      ...(options.headers && { headers: options.headers }),
      ...(options.auth != null && { auth: options.auth }),
    };
  }
}

/** That of a proxy stays as it is. */
function keptAlive(agent: HttpsAgent): HttpsAgent {
  const options = { ...agent.options, keepAlive: true, maxFreeSockets: 8 };
  if (agent.constructor === HttpsAgent) return new HttpsAgent(options);
  if (agent.constructor === HttpAgent) return new HttpAgent(options) as HttpsAgent;
  return agent;
}
