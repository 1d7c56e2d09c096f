import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Seen } from "./fake-mcp-server.ts";
import { call, tokens, until, type Request } from "./gateway-harness.ts";
import { GatewayScene } from "./gateway-scene.ts";

let lab: GatewayScene;

beforeAll(async () => {
  lab = await GatewayScene.open();
});

afterAll(() => lab?.close());

const ask = (request: Partial<Request> = {}) => lab.ask(request);
const echo = (request: Partial<Request> = {}) => lab.echo(request);

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
    const port = lab.routes[0]?.port ?? 0;
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
    const backend = lab.backends.find(({ name }) => name === server);
    const text = await new Promise<string>((resolve, reject) => {
      const request = http.get(
        {
          host: "127.0.0.1",
          port: lab.gateway.port,
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
    await lab.gateway.apply(lab.routes, { rateLimit: { requests: 5, perSeconds: 60 } });
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
    await lab.gateway.apply(lab.routes, { maxConcurrentPerClient: 3 });
    const arrived = () => lab.backends.reduce((sum, { seen }) => sum + seen.length, 0);
    const before = arrived();
    const slow = Array.from({ length: 3 }, () => ask({ body: { method: "slow", ms: 5000 } }));
    await until(() => arrived() === before + 3, "three calls are under way");
    const refused = await ask({ body: {} });
    expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
    expect((await ask({ body: {}, token: tokens.other })).status).toBe(200);
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await ask({ body: {} })).status).toBe(200);
  });

  it("count together what comes at once, right after a reload as well", async () => {
    for (let round = 0; round < 12; round++) {
      // Another limit each time: files that say the same are no reload.
      const allowed = 3 + (round % 2);
      await lab.gateway.apply(lab.routes, { maxConcurrentPerClient: allowed });
      const calls = Array.from({ length: 8 }, () => ask({ body: { method: "slow", ms: 300 } }));
      const statuses = (await Promise.all(calls)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(allowed);
      expect(statuses.filter((status) => status === 429)).toHaveLength(8 - allowed);
    }
  });

  it("stop who tries tokens, but not who has one at the same address", async () => {
    await lab.gateway.apply(lab.routes);
    const statuses = new Set<number>();
    for (let count = 0; count < 61; count++)
      statuses.add((await ask({ token: `guess-${count}` })).status);
    expect([...statuses]).toEqual([401, 429]);
    expect((await ask({ token: null })).headers["retry-after"]).toBe("60");
    expect((await ask({ body: {} })).status).toBe(200);
  });
});
