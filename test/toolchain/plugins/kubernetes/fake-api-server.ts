import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Properties, Value } from "../../../../toolchain/plugins/bridge/values.ts";

/** A request that the server got, reads of the index left out. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Value | undefined;
}

/** What to answer: an object, or a code and a Status. */
type Answer = Properties | { readonly code: number; readonly status: Properties };

const SERVED = ["api/v1", "apis/apps/v1", "apis/autoscaling/v2", "apis/batch/v1"].concat(
  ["networking.k8s.io", "policy", "rbac.authorization.k8s.io"].map((group) => `apis/${group}/v1`),
);

/** An API server that has no more than a test gives it: canned answers to writes, and collections to list and watch. */
export class FakeApiServer {
  readonly received: Received[] = [];
  readonly served: string[] = [...SERVED];
  /** `METHOD path` -> answers in turn; the last one is given again and again. */
  readonly answers = new Map<string, Answer[]>();
  /** Path of a collection -> its items. */
  readonly collections = new Map<string, Properties[]>();
  readonly #server: Server;
  readonly #watches = new Map<ServerResponse, string>();

  constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => void this.#server.listen(0, "127.0.0.1", resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Forgets what was given and received. */
  clear(): void {
    this.received.length = 0;
    this.answers.clear();
    this.collections.clear();
  }

  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    const server = `http://127.0.0.1:${port}`;
    return JSON.stringify({
      clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "me", user: { token: "t" } }],
      contexts: [{ name: "here", context: { cluster: "fake", user: "me" } }],
      "current-context": "here",
    });
  }

  /** Whether somebody would hear what is told of a collection. */
  isWatched(path: string): boolean {
    return [...this.#watches.values()].includes(path);
  }

  /** Tells those who watch a collection. */
  tell(path: string, type: "ADDED" | "MODIFIED" | "DELETED", object: Properties): void {
    for (const [response, watched] of this.#watches) {
      if (watched === path) response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://fake");
    const { method = "" } = request;
    const path = url.pathname;
    if (path === "/openapi/v3") {
      const paths = Object.fromEntries(this.served.map((name) => [name, {}]));
      response.end(JSON.stringify({ paths }));
      return;
    }
    const query = Object.fromEntries(url.searchParams);
    if (query["watch"] === "true") {
      this.#watches.set(response, path);
      response.once("close", () => this.#watches.delete(response));
      response.writeHead(200).flushHeaders();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? undefined : (JSON.parse(text) as Value);
    this.received.push({ method, path, query, body });
    this.#answer(response, method, path);
  }

  #answer(response: ServerResponse, method: string, path: string): void {
    const items = this.collections.get(path);
    if (method === "GET" && items !== undefined) {
      const [{ apiVersion = "v1", kind = "" } = {}] = items;
      const list = { apiVersion, kind: `${kind as string}List` };
      const untyped = items.map(({ apiVersion: _version, kind: _kind, ...item }) => item);
      response.end(JSON.stringify({ ...list, metadata: { resourceVersion: "1" }, items: untyped }));
      return;
    }
    const answers = this.answers.get(`${method} ${path}`) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    const refusal = answer ?? { code: 404, status: { message: `${path} not found` } };
    if (isRefusal(refusal)) {
      response.writeHead(refusal.code).end(JSON.stringify(refusal.status));
    } else response.end(JSON.stringify(refusal));
  }
}

function isRefusal(answer: Answer): answer is { code: number; status: Properties } {
  return typeof answer.code === "number" && "status" in answer;
}
