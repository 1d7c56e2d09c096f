import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { onTestFinished } from "vitest";
import { KubernetesClient } from "../../../../components/platform/kubernetes/client.ts";

/** Answers by `METHOD /path`, without the query; a function is asked with the body. Everything else is not found. */
export type Answers = Readonly<Record<string, unknown>>;

export interface FakeCluster {
  readonly server: string;
  readonly kubeconfig: string;
  /** `METHOD /path?query` of every question. */
  readonly asked: string[];
  readonly client: KubernetesClient;
}

/** Writes a kubeconfig with one context per cluster, named alike; the first is the current one. */
export function writeKubeconfig(
  clusters: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  current = Object.keys(clusters)[0],
): string {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-kubeconfig-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "config");
  const names = Object.keys(clusters);
  const content = {
    ...{ apiVersion: "v1", kind: "Config", "current-context": current },
    clusters: names.map((name) => ({ name, cluster: clusters[name] })),
    users: [{ name: "me", user: { token: "t0ken" } }],
    contexts: names.map((name) => ({ name, context: { cluster: name, user: "me" } })),
  };
  writeFileSync(file, stringify(content));
  return file;
}

/** An API server that knows what it is told. */
export async function fakeCluster(answers: Answers, namespace = "fleet"): Promise<FakeCluster> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = "", url = "" } = request;
      asked.push(`${method} ${decodeURIComponent(url)}`);
      const body = await bodyOf(request);
      const known = answers[`${method} ${url.split("?")[0]}`];
      const answer: unknown = typeof known === "function" ? (known as Answer)(body, url) : known;
      const { code = answer === undefined ? 404 : 200 } = (answer ?? {}) as { code?: number };
      const text = typeof answer === "string" ? answer : JSON.stringify(answer ?? refusal(404));
      response.writeHead(code, { "content-type": "application/json" }).end(text);
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = writeKubeconfig({
    fake: { server: address, "insecure-skip-tls-verify": true },
  });
  const client = await KubernetesClient.open({ namespace, kubeconfig });
  onTestFinished(() => client.close());
  return { server: address, kubeconfig, asked, client };
}

type Answer = (body: unknown, url: string) => unknown;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}

/** The `Status` that an API server refuses with. */
export function refusal(code: number, message = "no such thing") {
  const reason = { 403: "Forbidden", 404: "NotFound", 401: "Unauthorized" }[code] ?? "Conflict";
  return { kind: "Status", status: "Failure", code, reason, message };
}

export function list(...items: readonly unknown[]) {
  return { kind: "List", items };
}
