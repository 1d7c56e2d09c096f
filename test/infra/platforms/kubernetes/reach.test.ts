import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import type { Target } from "../../../../components/platform/transport.ts";
import { Reach } from "../../../../infra/platforms/kubernetes/reach.ts";
import { LocalTransport } from "../../../components/health/local-transport.ts";

/** A server behind the API server: whatever is dialled ends there. */
async function scene() {
  const server = createServer((request, response) => {
    response.end(`${request.method} ${request.url} at ${request.headers.host}`);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const dialled: string[] = [];
  const transport = Object.assign(new LocalTransport(), {
    dial: async ({ workload }: Target, to: number) => {
      dialled.push(`${workload}:${to}`);
      const socket = connect(port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    },
  });
  const reach = new Reach(transport);
  onTestFinished(() => reach.close());
  const text = async (url: string) => (await reach.fetch(url)).text();
  return { port, dialled, text };
}

it("goes straight where it can", async () => {
  const { port, dialled, text } = await scene();
  expect(await text(`http://127.0.0.1:${port}/x`)).toBe(`GET /x at 127.0.0.1:${port}`);
  expect(dialled).toEqual([]);
});

it("goes to the pods of a Service whose name is known inside alone", async () => {
  const { dialled, text } = await scene();
  const host = "prometheus.fleet.svc.cluster.invalid";
  expect(await text(`http://${host}:9090/api`)).toBe(`GET /api at ${host}:9090`);
  await text(`http://${host}:9090/again`);
  expect(dialled).toEqual([`${host}:9090`]);
});

it("goes to the gateway where the clients' address cannot be reached from here", async () => {
  const { dialled, text } = await scene();
  expect(await text("https://mcp.example.invalid/scene/mcp")).toContain("GET /scene/mcp at");
  expect(dialled).toEqual(["gateway:8080"]);
});
