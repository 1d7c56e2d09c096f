import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { isReachable, proxyFor } from "../../toolchain/probe.ts";

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("isReachable", () => {
  it("takes any status for an answer", async () => {
    const port = await listen(createServer((_, response) => response.writeHead(401).end()));
    expect(await isReachable(`http://127.0.0.1:${port}/v2/`, { env: {} })).toBe(true);
  });

  it("does not wait for a host that accepts and says nothing", async () => {
    const port = await listen(
      createTcpServer((socket) => socket.on("error", () => undefined).unref()),
    );
    const began = Date.now();
    expect(await isReachable(`http://127.0.0.1:${port}/`, { env: {}, timeoutMs: 200 })).toBe(false);
    expect(Date.now() - began).toBeLessThan(1_500);
  });

  it("says no at once to a closed port and to a name that does not resolve", async () => {
    expect(await isReachable("http://127.0.0.1:1/", { env: {} })).toBe(false);
    expect(await isReachable("https://no-such-host.invalid/", { env: {} })).toBe(false);
  });

  it.each([
    ["200 Connection established", true],
    ["403 Forbidden", false],
  ])("asks the proxy: %s", async (status, expected) => {
    let asked = "";
    const proxy = createServer();
    proxy.on("connect", (request, socket) => {
      asked = `${request.url ?? ""} ${request.headers["proxy-authorization"] ?? ""}`;
      socket.on("error", () => undefined);
      socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
    });
    const port = await listen(proxy);
    const env = { HTTPS_PROXY: `http://u:p@127.0.0.1:${port}` };
    expect(await isReachable("https://far.example/x", { env })).toBe(expected);
    expect(asked).toBe(`far.example:443 Basic ${Buffer.from("u:p").toString("base64")}`);
  });
});

describe("proxyFor", () => {
  const proxy = "http://proxy:3128";
  it.each([
    ["https://a.example/", { https_proxy: proxy }, "http://proxy:3128/"],
    ["https://a.example/", { HTTPS_PROXY: "proxy:3128" }, "http://proxy:3128/"],
    ["https://a.example/", { http_proxy: proxy }, undefined],
    ["http://a.example/", { http_proxy: proxy }, "http://proxy:3128/"],
    ["https://a.example/", { https_proxy: proxy, no_proxy: "b,a.example" }, undefined],
    ["https://a.example/", { https_proxy: proxy, NO_PROXY: ".example" }, undefined],
    ["https://a.example/", { https_proxy: proxy, no_proxy: "*" }, undefined],
    ["https://aa.example/", { https_proxy: proxy, no_proxy: "a.example" }, "http://proxy:3128/"],
    ["https://a.example/", { https_proxy: "::bad::" }, undefined],
    ["https://a.example/", {}, undefined],
  ])("%s with %j", (url, env, expected) => {
    expect(proxyFor(new URL(url), env)?.href).toBe(expected);
  });
});
