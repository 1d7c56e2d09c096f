import http from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GatewayRoute } from "../../components/gateway/gateway-routes.ts";
import { FakeMcpServer, type Seen } from "./fake-mcp-server.ts";
import {
  call,
  docker,
  freePorts,
  gatewayImage,
  hardened,
  RunningGateway,
  tokens,
  until,
  type Request,
} from "./gateway-harness.ts";

const browser = "https://app.example.com";
let image: string;
let gateway: RunningGateway;
let backends: FakeMcpServer[];
let routes: GatewayRoute[];
let ports: number[];

beforeAll(async () => {
  image = await gatewayImage();
  backends = await Promise.all(["scene-a", "scene-b"].map((name) => FakeMcpServer.start(name)));
  ports = await freePorts(2);
  routes = [
    {
      server: "scene",
      port: ports[0] ?? 0,
      backends: backends.map(({ name, port }) => ({
        name,
        address: "127.0.0.1",
        port,
        weight: 100,
      })),
    },
    { server: "closed", port: ports[1] ?? 0, backends: [] },
  ];
  gateway = await RunningGateway.start(image, routes, {
    maxBodyBytes: 4096,
    allowedOrigins: [browser],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await Promise.all((backends ?? []).map((backend) => backend.kill()));
});

const ask = (request: Partial<Request> = {}) => call({ port: gateway.port, ...request });
const echo = async (request: Partial<Request> = {}): Promise<Seen> => {
  const answer = await ask({ body: { jsonrpc: "2.0", id: 1, method: "tools/list" }, ...request });
  expect(answer.status, answer.text).toBe(200);
  return JSON.parse(answer.text) as Seen;
};

/** Bytes as they are: for requests that a client library would not send. */
function raw(lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(gateway.port, "127.0.0.1", () =>
      socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n{}`),
    );
    socket.on("data", (chunk) => (text += chunk.toString()));
    // It waits for the rest of a body that never comes; the answer is there long before.
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}

describe("the image", () => {
  it("runs as its own user, with a health check and a stop that lets requests finish", async () => {
    const format =
      "{{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck.Test}} {{.Config.Cmd}}";
    const { output } = await docker("image", "inspect", "-f", format, image);
    expect(output.trim()).toBe(
      "10072:10072 SIGUSR1 [CMD gateway-ctl health] [haproxy -W -db -S /run/haproxy/master.sock,mode,600 -f /etc/haproxy/current/haproxy.cfg]",
    );
    const inside = await docker(
      "exec",
      gateway.name,
      "sh",
      "-c",
      "id -u; cat /proc/1/comm; grep CapEff /proc/1/status; ls -A /root /etc/haproxy/ 2>&1 | tail -n 1",
    );
    expect(inside.output).toMatch(/^10072\nhaproxy\nCapEff:\s+0000000000000000\n/);
  });

  it("brings no files where the fleet's own are mounted", async () => {
    const { output } = await docker(
      "run",
      "--rm",
      "--network=none",
      image,
      "ls",
      "-A",
      "/etc/haproxy",
    );
    expect(output).toBe("");
  });
});

describe("rendered configuration", () => {
  it.each([1, 10, 100, 500])(
    "is accepted by HAProxy without a warning for %i servers",
    async (count) => {
      const many = Array.from({ length: count }, (_, index) => ({
        server: `server-${index}`,
        port: 10_000 + index,
        backends: ["old", "new"].map((release, at) => ({
          name: `server-${index}-${release}`,
          address: "127.0.0.1",
          port: 3001,
          weight: at * 100,
        })),
      }));
      const version = gateway.write(gateway.render(many));
      // -dW makes a warning an error.
      const judged = await docker(
        "run",
        "--rm",
        ...hardened,
        `-v=${gateway.directory}:/etc/haproxy:ro`,
        image,
        "haproxy",
        "-c",
        "-dW",
        "-f",
        `/etc/haproxy/${version}/haproxy.cfg`,
      );
      expect(judged).toEqual({ code: 0, output: "" });
      expect(await gateway.check(version)).toEqual({ code: 0, output: "" });
    },
  );
});

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
    const before = backends.flatMap(({ seen }) => seen).length;
    const answer = await ask(request);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.text)).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { code: status },
    });
    expect(backends.flatMap(({ seen }) => seen)).toHaveLength(before);
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

describe("what the server gets", () => {
  it("sees where the request came from in headers that the client cannot set", async () => {
    const { url, headers } = await echo({
      path: "/scene/mcp?trace=1",
      headers: {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-proto": "https",
        forwarded: "for=6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "x-mcp-client": "root",
        x_mcp_client: "root",
        "x-original-url": "/info",
        upgrade: "h2c",
        connection: "upgrade",
      },
    });
    expect(url).toBe("/mcp?trace=1");
    expect(headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-mcp-client": "default",
    });
    for (const name of ["forwarded", "x-real-ip", "x_mcp_client", "x-original-url", "upgrade"]) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it("gets the headers of the stateless revision as they are", async () => {
    const sent = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "=?base64?w6k=?=",
      "last-event-id": "7",
      accept: "application/json, text/event-stream",
    };
    expect((await echo({ headers: sent })).headers).toMatchObject(sent);
  });

  it("gets a request id: the client's own if it is harmless, else a new one; the client is told", async () => {
    const own = await ask({ body: {}, headers: { "x-request-id": "abc-1.2_3" } });
    expect(own.headers["x-request-id"]).toBe("abc-1.2_3");
    for (const headers of [
      {},
      { "x-request-id": "has spaces" },
      { "x-request-id": "x".repeat(129) },
    ]) {
      const answer = await ask({ body: {}, headers });
      expect(answer.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
      expect((JSON.parse(answer.text) as Seen).headers["x-request-id"]).toBe(
        answer.headers["x-request-id"],
      );
    }
  });

  it("is reached on its own port too, and no other server is", async () => {
    const port = ports[0] ?? 0;
    expect((await echo({ port, path: "/mcp" })).url).toBe("/mcp");
    expect((await echo({ port, path: "/scene/mcp" })).url).toBe("/mcp");
    expect((await call({ port, path: "/closed/mcp", body: {} })).status).toBe(404);
    expect((await call({ port, path: "/mcp", body: {}, token: null })).status).toBe(401);
    expect((await ask({ path: "/mcp", body: {} })).status).toBe(404);
  });
});

describe("sessions", () => {
  const initialize = async () => {
    const answer = await ask({ body: { method: "initialize" } });
    return {
      id: String(answer.headers["mcp-session-id"]),
      server: (JSON.parse(answer.text) as Seen).server,
    };
  };

  it("find their own server 100 times of 100, on two that share nothing", async () => {
    const sessions = await Promise.all(Array.from({ length: 10 }, initialize));
    expect(new Set(sessions.map(({ server }) => server)).size).toBe(2);
    for (let round = 0; round < 10; round++) {
      for (const { id, server } of sessions) {
        const seen = await echo({ headers: { "mcp-session-id": id } });
        expect(seen.server).toBe(server);
        expect(`${server}.${String(seen.headers["mcp-session-id"])}`).toBe(id);
      }
    }
  });

  it("hold an event stream and end by DELETE", async () => {
    const { id, server } = await initialize();
    const backend = backends.find(({ name }) => name === server);
    const text = await new Promise<string>((resolve, reject) => {
      const request = http.get(
        {
          host: "127.0.0.1",
          port: gateway.port,
          path: "/scene/mcp",
          headers: {
            authorization: `Bearer ${tokens.primary}`,
            "mcp-session-id": id,
            accept: "text/event-stream",
          },
        },
        (response) =>
          // The first event comes at once: nothing is buffered.
          response.once("data", (chunk: Buffer) => {
            resolve(chunk.toString());
            request.destroy();
          }),
      );
      request.on("error", reject);
    });
    expect(text).toContain(`data: ${server}\n\n`);
    await until(() => backend?.streams.size === 0, "the server sees that the client is gone");
    expect((await ask({ method: "DELETE", headers: { "mcp-session-id": id } })).status).toBe(200);
    expect((await ask({ body: {}, headers: { "mcp-session-id": id } })).status).toBe(404);
  });

  it.each(["gone.scene-a", "scene-a", "", "closed-1.x", "../scene-a.x"])(
    "are refused with 404 if their server is not there: %j",
    async (id) => {
      const answer = await ask({ body: {}, headers: { "mcp-session-id": id } });
      expect(answer.status).toBe(404);
      if (id !== "scene-a")
        expect(JSON.parse(answer.text)).toMatchObject({ error: { code: -32001 } });
    },
  );
});

describe("limits", () => {
  it("stop one client's flood with 429 and leave the other alone", async () => {
    await gateway.apply(routes, { rateLimit: { requests: 5, perSeconds: 60 } });
    const statuses: number[] = [];
    for (let count = 0; count < 7; count++) statuses.push((await ask({ body: {} })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const refused = await ask({ body: {} });
    expect(refused.headers["retry-after"]).toBe("60");
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 429 } });
    expect((await ask({ body: {}, token: tokens.backup })).status).toBe(429);
    expect((await ask({ body: {}, token: tokens.other })).status).toBe(200);
  });

  it("stop one client's concurrency with 429 and forget it when the requests have ended", async () => {
    await gateway.apply(routes, { maxConcurrentPerClient: 3 });
    const slow = Array.from({ length: 3 }, () => ask({ body: { method: "slow", ms: 1000 } }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const refused = await ask({ body: {} });
    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    expect((await ask({ body: {}, token: tokens.other })).status).toBe(200);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask({ body: {} })).status).toBe(200);
  });

  it("stop who tries tokens, but not who has one at the same address", async () => {
    await gateway.apply(routes);
    const statuses = new Set<number>();
    for (let count = 0; count < 61; count++)
      statuses.add((await ask({ token: `guess-${count}` })).status);
    expect([...statuses]).toEqual([401, 429]);
    expect((await ask({ token: null })).headers["retry-after"]).toBe("60");
    expect((await ask({ body: {} })).status).toBe(200);
  });
});

describe("what can be seen of it", () => {
  it("logs one JSON object per request, without tokens and session ids", async () => {
    const id = `log-${process.pid}`;
    const session = await ask({ body: { method: "initialize" } });
    await ask({
      body: { jsonrpc: "2.0", id: 1, method: "tools/call" },
      headers: { "x-request-id": id, "mcp-session-id": session.headers["mcp-session-id"] },
    });
    const found = async () => (await gateway.logs()).split("\n").find((line) => line.includes(id));
    await until(async () => (await found()) !== undefined, "the request is logged");
    expect(JSON.parse((await found()) ?? "")).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      request_id: id,
      client: "default",
      route: "scene",
      backend: expect.stringMatching(/^scene-[ab]$/) as string,
      method: "POST",
      mcp_method: "tools/call",
      status: 200,
      termination: "--",
      source: "127.0.0.1",
    });
    const all = await gateway.logs();
    for (const token of Object.values(tokens)) expect(all).not.toContain(token);
    expect(all).not.toContain(String(session.headers["mcp-session-id"]));
    expect(all).not.toContain("/healthz");
  });

  it("counts for Prometheus, by server", async () => {
    const { status, text } = await call({
      port: gateway.metricsPort,
      path: "/metrics",
      token: null,
    });
    expect(status).toBe(200);
    expect(text).toMatch(
      /^haproxy_backend_http_responses_total\{proxy="scene",code="2xx"\} [1-9]/m,
    );
    expect(text).toMatch(/^haproxy_server_status\{proxy="scene",server="scene-a",state="UP"\} 1$/m);
    expect((await call({ port: gateway.metricsPort, path: "/", token: null })).status).toBe(404);
  });
});
