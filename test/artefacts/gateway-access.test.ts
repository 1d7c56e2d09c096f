import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tokens, type Request } from "./gateway-harness.ts";
import { browser, GatewayScene } from "./gateway-scene.ts";

let lab: GatewayScene;

beforeAll(async () => {
  lab = await GatewayScene.open();
});

afterAll(() => lab?.close());

const ask = (request: Partial<Request> = {}) => lab.ask(request);
const echo = (request: Partial<Request> = {}) => lab.echo(request);

/** Bytes as they are: for requests that a client library would not send. */
function raw(lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(lab.gateway.port, "127.0.0.1", () =>
      socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n{}`),
    );
    socket.on("data", (chunk) => (text += chunk.toString()));
    // It waits for the rest of a body that never comes; the answer is there long before.
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe("who may pass", () => {
  it.each([
    ["primary", tokens.primary, "default"],
    ["backup", tokens.backup, "default"],
    ["another client's", tokens.other, "other"],
  ])(
    "the %s token is good, and the server learns the client but not the token",
    async (_, token, client) => {
      const { headers } = await echo({ token });
      expect(headers["x-mcp-client"]).toBe(client);
      expect(headers).not.toHaveProperty("authorization");
    },
  );

  it.each<[string, Partial<Request>]>([
    ["no token", { token: null }],
    ["a wrong token", { token: "wrong-token-0123456789-0123456789-0123" }],
    ["an empty token", { token: "" }],
    ["a prefix of the token", { token: tokens.primary.slice(0, -1) }],
    ["another scheme", { token: null, headers: { authorization: `Basic ${tokens.primary}` } }],
    ["the hash instead of the token", { token: "a".repeat(64) }],
    ["no token on an unknown path", { token: null, path: "/nothing" }],
    ["no token and a method that is not served", { token: null, method: "PUT" }],
  ])("%s is 401", async (_, request) => {
    const answer = await ask(request);
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="mcp-fleet"');
    expect(JSON.parse(answer.text)).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { code: 401 },
    });
  });

  it("is alive without a token", async () => {
    expect(await ask({ path: "/healthz", token: null })).toMatchObject({
      status: 200,
      text: '{"status":"ok"}',
    });
  });

  it("lets no browser in from an origin that is not listed", async () => {
    for (const origin of [
      "https://evil.example",
      "null",
      "",
      `${browser}.evil.example`,
      "http://app.example.com",
    ]) {
      expect((await ask({ headers: { origin } })).status, origin).toBe(403);
    }
    const { headers } = await echo({ headers: { origin: browser } });
    expect(headers).not.toHaveProperty("origin");
  });

  it("answers the preflight of a listed origin and lets it read what it needs", async () => {
    const preflight = await ask({
      method: "OPTIONS",
      token: null,
      headers: {
        origin: browser,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,mcp-param-region",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": browser,
      "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
      "access-control-allow-headers": "authorization,content-type,mcp-param-region",
      vary: "Origin",
    });
    for (const request of [{ body: {} }, { token: null }]) {
      const { headers } = await ask({ ...request, headers: { origin: browser } });
      expect(headers["access-control-allow-origin"]).toBe(browser);
      expect(headers["access-control-expose-headers"]).toContain("Mcp-Session-Id");
    }
    const refused = await ask({
      method: "OPTIONS",
      token: null,
      headers: { origin: "https://evil.example" },
    });
    expect(refused.status).toBe(403);
    expect(refused.headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("what may pass", () => {
  it.each<[string, number, Partial<Request>]>([
    ["an unknown server", 404, { path: "/nobody/mcp" }],
    ["a path below the endpoint", 404, { path: "/scene/mcp/" }],
    ["a server's health", 404, { path: "/scene/health" }],
    ["a server's metrics", 404, { path: "/scene/metrics" }],
    ["health at the root", 404, { path: "/health" }],
    ["the gateway's own metrics", 404, { path: "/metrics" }],
    ["an encoded path", 404, { path: "/scene/%6dcp" }],
    ["a path with dots", 404, { path: "/closed/../scene/mcp" }],
    ["a method that MCP does not know", 405, { method: "PUT", body: {} }],
    ["a tunnel", 405, { method: "TRACE" }],
    ["a chunked body", 411, { method: "POST", headers: { "transfer-encoding": "chunked" } }],
    [
      "a chunked body where none belongs",
      411,
      { method: "DELETE", headers: { "transfer-encoding": "chunked" } },
    ],
    ["a body over the limit", 413, { body: "x".repeat(4095) }],
    ["a server in maintenance", 503, { path: "/closed/mcp", body: {} }],
  ])("%s is %i", async (_, status, request) => {
    const before = lab.backends.flatMap(({ seen }) => seen).length;
    const answer = await ask(request);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.text)).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { code: status },
    });
    expect(lab.backends.flatMap(({ seen }) => seen)).toHaveLength(before);
  });

  it("takes a body of exactly the limit", async () => {
    expect((await ask({ body: "x".repeat(4094) })).status).toBe(200);
  });

  it("says when to come back after 503, and which methods there are after 405", async () => {
    expect((await ask({ path: "/closed/mcp", body: {} })).headers["retry-after"]).toBe("5");
    expect((await ask({ method: "PUT" })).headers.allow).toBe("GET, POST, DELETE, OPTIONS");
  });

  it("refuses a POST without a length", async () => {
    const answer = await raw([
      "POST /scene/mcp HTTP/1.1",
      "Host: h",
      `Authorization: Bearer ${tokens.primary}`,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 411 /);
  });

  it.each([
    "Authorization: Bearer x",
    "Origin: https://app.example.com",
    "Mcp-Session-Id: a",
    "Content-Length: 5",
  ])("refuses a second %s", async (header) => {
    const answer = await raw([
      "POST /scene/mcp HTTP/1.1",
      "Host: h",
      `Authorization: Bearer ${tokens.primary}`,
      "Origin: https://app.example.com",
      "Mcp-Session-Id: b",
      "Content-Length: 2",
      header,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("reads a length beside chunks as chunks, so that nothing is smuggled behind it", async () => {
    const answer = await raw([
      "POST /scene/mcp HTTP/1.1",
      "Host: h",
      `Authorization: Bearer ${tokens.primary}`,
      "Content-Length: 2",
      "Transfer-Encoding: chunked",
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|11) /);
  });
});
