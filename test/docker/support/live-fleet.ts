import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DockerSite } from "../../../infra/platforms/docker/docker-site.ts";
import { checkFleet } from "../../../infra/health/check-fleet.ts";
import type { ComponentHealth } from "../../../infra/health/report.ts";
import { E2eFleet, type UpAnswer } from "./e2e-fleet.ts";
import { workloads } from "./engine.ts";
import { readClientConfig, type ClientEntry } from "./mcp-conversation.ts";
import { PrometheusApi } from "./prometheus.ts";

/** A book that is written once and has to be found again after everything that happens to the fleet. */
export const bookTitle = "The Lamp at the End of the Pier";

interface Deployed {
  readonly answer: UpAnswer;
  readonly tokens: { readonly primary: string; readonly backup: string };
  readonly clients: Readonly<Record<string, ClientEntry>>;
  readonly prometheus: PrometheusApi;
}

/** The fleet under test from its first `up` on; numbers that are worth reporting go to the console. */
export class LiveFleet {
  #fleet: E2eFleet | undefined;
  #deployed: Deployed | undefined;

  async create(): Promise<void> {
    this.#fleet = await E2eFleet.create((line) => this.report("toolchain", line));
  }

  /** The first `up`; keeps what clients get to know of it, by way of an `mcp.json` on disk. */
  async deploy(): Promise<void> {
    const { answer } = await this.up("first");
    const file = join(this.fleet.home, "mcp.json");
    writeFileSync(file, JSON.stringify(answer.clientConfig));
    const tokens = await this.currentTokens();
    this.#deployed = {
      answer,
      tokens,
      clients: readClientConfig(readFileSync(file, "utf8"), { MCP_FLEET_TOKEN: tokens.primary }),
      prometheus: new PrometheusApi(answer.prometheusUrl),
    };
  }

  get fleet(): E2eFleet {
    if (!this.#fleet) throw new Error("the fleet could not be prepared");
    return this.#fleet;
  }

  /** What the first `up` printed. */
  get first(): UpAnswer {
    return this.#known.answer;
  }

  get tokens(): Deployed["tokens"] {
    return this.#known.tokens;
  }

  get clients(): Deployed["clients"] {
    return this.#known.clients;
  }

  get prometheus(): PrometheusApi {
    return this.#known.prometheus;
  }

  get #known(): Deployed {
    if (!this.#deployed) throw new Error("the first up did not succeed");
    return this.#deployed;
  }

  report(what: string, value: string): void {
    console.info(`${what}: ${value}`);
  }

  names(): string[] {
    return this.fleet.spec().servers.map(({ name }) => name);
  }

  async up(what: string, ...args: string[]): Promise<{ answer: UpAnswer; said: string }> {
    const { stdout, stderr, seconds } = await this.fleet.must("up", "--json", ...args);
    const summary = /^(updated in|nothing to change).*/m.exec(stderr)?.[0] ?? "";
    this.report(`up, ${what}`, `${seconds.toFixed(1)} s (${summary})`);
    return { answer: JSON.parse(stdout) as UpAnswer, said: stderr };
  }

  /** Tokens of the default client, asked for as a user would. */
  async currentTokens(): Promise<Deployed["tokens"]> {
    const { stdout } = await this.fleet.must("outputs", "--json", "--show-secrets");
    return (JSON.parse(stdout) as { tokens: { default: Deployed["tokens"] } }).tokens.default;
  }

  /** Id of a component's container. */
  async container(component: string): Promise<string> {
    const found = (await workloads(this.fleet.stack)).get(component);
    if (!found) throw new Error(`${component} has no container`);
    return found.Id;
  }

  check(): Promise<ComponentHealth[]> {
    const { servers, prometheusUrl } = this.first;
    return checkFleet(new DockerSite(this.fleet.stack), {
      servers,
      prometheusUrl,
      token: this.tokens.primary,
    });
  }

  async dispose(): Promise<void> {
    await this.#fleet?.dispose();
  }
}
