import { readFileSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from "node:https";
import { dirname, resolve } from "node:path";
import type { Cluster, Context, User } from "@kubernetes/client-node";
import type * as ConfigTypes from "@kubernetes/client-node/dist/config_types.js";
import { parse } from "yaml";

/** What is used of a kubeconfig; the client library's `KubeConfig` is one. */
export interface KubeAccess {
  getContexts(): readonly Context[];
  getCurrentContext(): string;
  setCurrentContext(name: string): void;
  getContextObject(name: string): Context | null;
  getCluster(name: string): Cluster | null;
  getCurrentCluster(): Cluster | null;
  getCurrentUser(): User | null;
  /** Adds certificates, headers and the agent to a request. */
  applyToHTTPSOptions(options: RequestOptions): Promise<void>;
}

/**
 * One kubeconfig file with the ways to log in that almost all have: certificates, tokens, and plugins that are run.
 *
 * The client library's own class does the same and more, but it loads a model of every object of the API: more than a
 * second for each command and for the program, and five on a busy machine. Parsing and plugins are the library's here
 * too; `suffices` says where its class has to be taken.
 */
export class LightConfig implements KubeAccess {
  readonly #contexts: readonly Context[];
  readonly #clusters: readonly Cluster[];
  readonly #users: readonly User[];
  readonly #plugins: { applyAuthentication(user: User, options: RequestOptions): Promise<void> };
  #current: string;

  private constructor(
    content: Readonly<Record<string, unknown>>,
    types: typeof ConfigTypes,
    plugins: { applyAuthentication(user: User, options: RequestOptions): Promise<void> },
  ) {
    this.#contexts = types.newContexts(content["contexts"]);
    this.#clusters = types.newClusters(content["clusters"]);
    this.#users = types.newUsers(content["users"]);
    this.#current = (content["current-context"] as string | undefined) ?? "";
    this.#plugins = plugins;
  }

  /** @throws if it cannot be read. */
  static async read(file: string): Promise<LightConfig> {
    const [types, { ExecAuth }] = await Promise.all([
      import("@kubernetes/client-node/dist/config_types.js"),
      import("@kubernetes/client-node/dist/exec_auth.js"),
    ]);
    const content: unknown = parse(readFileSync(file, "utf8"));
    const made = new LightConfig(
      (content ?? {}) as Readonly<Record<string, unknown>>,
      types,
      new ExecAuth(),
    );
    // Paths in it are meant from where it lies.
    const at = (path: string | undefined) => (path ? resolve(dirname(file), path) : path);
    for (const cluster of made.#clusters) Object.assign(cluster, { caFile: at(cluster.caFile) });
    for (const user of made.#users)
      Object.assign(user, { certFile: at(user.certFile), keyFile: at(user.keyFile) });
    return made;
  }

  /** Whether the way of the current context needs nothing that only the library's class knows. */
  get suffices(): boolean {
    const cluster = this.getCurrentCluster();
    const user = this.getCurrentUser();
    if (cluster === null || user === null) return false;
    const provider: unknown = user.authProvider;
    const plain = cluster.server.startsWith("https:") || cluster.skipTLSVerify;
    return !cluster.proxyUrl && provider == null && !user.username && plain;
  }

  getContexts(): readonly Context[] {
    return this.#contexts;
  }

  getCurrentContext(): string {
    return this.#current;
  }

  setCurrentContext(name: string): void {
    this.#current = name;
  }

  getContextObject(name: string): Context | null {
    return this.#contexts.find((context) => context.name === name) ?? null;
  }

  getCluster(name: string): Cluster | null {
    return this.#clusters.find((cluster) => cluster.name === name) ?? null;
  }

  getCurrentCluster(): Cluster | null {
    return this.getCluster(this.getContextObject(this.#current)?.cluster ?? "");
  }

  getCurrentUser(): User | null {
    const name = this.getContextObject(this.#current)?.user;
    return this.#users.find((user) => user.name === name) ?? null;
  }

  async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    const cluster = this.getCurrentCluster()!;
    const user = this.getCurrentUser()!;
    Object.assign(options, {
      ...present("ca", bytesOf(cluster.caFile, cluster.caData)),
      ...present("cert", bytesOf(user.certFile, user.certData)),
      ...present("key", bytesOf(user.keyFile, user.keyData)),
      ...present("servername", cluster.tlsServerName),
      ...(cluster.skipTLSVerify && { rejectUnauthorized: false }),
      headers: {
        ...options.headers,
        ...(user.impersonateUser && { "Impersonate-User": user.impersonateUser }),
      },
    });
    if (user.exec !== undefined && user.exec !== null)
      await this.#plugins.applyAuthentication(user, options);
    if (user.token)
      Object.assign(options.headers!, { Authorization: `Bearer ${user.token.trim()}` });
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const tls = { ca, cert, key, servername, rejectUnauthorized };
    const given = Object.entries(tls).filter(([, value]) => value !== undefined);
    const agentOptions = Object.fromEntries(given) as AgentOptions;
    options.agent = cluster.server.startsWith("http:")
      ? new HttpAgent()
      : new HttpsAgent(agentOptions);
  }
}

function present(key: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined || value === null ? {} : { [key]: value };
}

/** A file comes before what stands in the configuration itself. */
function bytesOf(file: string | undefined, base64: string | undefined): Buffer | undefined {
  if (file) return readFileSync(file);
  return base64 ? Buffer.from(base64, "base64") : undefined;
}
