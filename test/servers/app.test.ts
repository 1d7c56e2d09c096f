import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApp } from "../../servers/app.ts";
import type { App } from "../../servers/app.ts";
import { parseConfig } from "../../servers/config.ts";
import { createLogger } from "../../servers/logging.ts";
import { MAX_BODY_BYTES } from "../../servers/web-bridge.ts";
import { freePort } from "./free-port.ts";

const ACCEPT = "application/json, text/event-stream";
const VERSION = "2026-07-28";

let folder: string;
let app: App;
let base: string;
let metricsUrl: string;
const lines: string[] = [];

/** A server whose database does not exist: everything but tools has to work without it. */
async function start(
  env: Record<string, string> = {},
): Promise<{ app: App; base: string; metricsUrl: string }> {
  const [port, metricsPort, nobody] = await Promise.all([freePort(), freePort(), freePort()]);
  const config = parseConfig({
    SERVER_NAME: "scene",
    HOST: "127.0.0.1",
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DATABASE_HOST: "127.0.0.1",
    DATABASE_PORT: String(nobody),
    DATABASE_USER: "scene_a",
    DATABASE_PASSWORD_FILE: join(folder, "password"),
    ...env,
  });
  const log = createLogger(config, { write: (line: string) => void lines.push(line) });
  return {
    app: await startApp(config, log),
    base: `http://127.0.0.1:${port}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mcp-app-"));
  writeFileSync(join(folder, "password"), "never-sent-never-logged\n");
  ({ app, base, metricsUrl } = await start());
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

function post(body: string, headers: Record<string, string> = {}, url = base): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", accept: ACCEPT, ...headers },
  });
}

const call = (method: string, params: Record<string, unknown> = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

const initialize = call("initialize", {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "t", version: "1" },
});

/** A request of the stateless revision: every one carries who asks and how. */
function modern(
  method: string,
  params: Record<string, unknown> = {},
): [string, Record<string, string>] {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const name = typeof params["name"] === "string" ? { "mcp-name": params["name"] } : {};
  return [
    call(method, { ...params, _meta }),
    { "mcp-protocol-version": VERSION, "mcp-method": method, ...name },
  ];
}

async function metric(series: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const line = text.split("\n").find((candidate) => candidate.startsWith(series));
  return Number(line?.split(" ").at(-1) ?? 0);
}

describe("pages", () => {
  it.each([
    ["/live", 200],
    ["/live?x=1", 200],
    ["/ready", 503],
    ["/health", 503],
    ["/info", 200],
    ["/metrics", 404],
    ["/nothing", 404],
  ])("%s answers %d while there is no database", async (path, status) => {
    expect((await fetch(base + path)).status).toBe(status);
  });

  it("are read-only", async () => {
    const response = await fetch(`${base}/live`, { method: "POST" });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("tell what runs", async () => {
    expect(await (await fetch(`${base}/info`)).json()).toMatchObject({
      version: "0.1.0",
      release: "unreleased",
      server: "scene",
      domain: "scene",
      endpoints: { mcp: "/mcp" },
      protocolVersions: expect.arrayContaining(["2025-11-25", VERSION]) as unknown,
    });
  });

  it("keep metrics on their own port, and nothing else there", async () => {
    expect((await fetch(metricsUrl)).status).toBe(200);
    expect((await fetch(metricsUrl.replace("/metrics", "/live"))).status).toBe(404);
  });
});

describe("request ids", () => {
  it("come back as they were given, if they are safe to log", async () => {
    const answer = await fetch(`${base}/live`, { headers: { "x-request-id": "abc-123" } });
    expect(answer.headers.get("x-request-id")).toBe("abc-123");
    for (const unsafe of ["a b", "x".repeat(129), '"}']) {
      const other = await fetch(`${base}/live`, { headers: { "x-request-id": unsafe } });
      expect(other.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("are in the log line of the call, which holds no argument", async () => {
    const [body, headers] = modern("tools/call", {
      name: "list_scenes",
      arguments: { chapter: "my secret chapter" },
    });
    await (await post(body, { ...headers, "x-request-id": "find-me" })).text();
    await expect.poll(() => lines.filter((line) => line.includes("find-me")).length).toBe(2);
    const [failed, served] = lines
      .filter((line) => line.includes("find-me"))
      .map((line) => JSON.parse(line) as unknown);
    expect(failed).toMatchObject({
      level: "ERROR",
      tool: "list_scenes",
      error: { name: "DatabaseUnavailableError" },
    });
    expect(served).toMatchObject({
      level: "WARN",
      method: "POST",
      path: "/mcp",
      statusCode: 200,
      mcpMethod: "tools/call",
      tool: "list_scenes",
      errorType: "tool_error",
    });
    expect(lines.join("")).not.toMatch(/my secret chapter|never-sent/);
  });
});

describe("refusals", () => {
  it.each<[string, number, () => Promise<Response>]>([
    ["what is not JSON", 400, () => post("{")],
    ["another content type", 415, () => post("{}", { "content-type": "text/plain" })],
    ["a compressed body", 415, () => post("{}", { "content-encoding": "gzip" })],
    ["a call without a session", 400, () => post(call("tools/list"))],
    ["an unknown session", 404, () => post(call("tools/list"), { "mcp-session-id": "nobody" })],
    [
      "a stream without a session",
      400,
      () => fetch(`${base}/mcp`, { headers: { accept: "text/event-stream" } }),
    ],
    ["another method", 405, () => fetch(`${base}/mcp`, { method: "PUT", body: "{}" })],
    ["a client that takes no JSON", 406, () => post(initialize, { accept: "text/html" })],
    [
      "a revision of the future",
      400,
      () =>
        post(modern("tools/list")[0].replaceAll(VERSION, "2099-01-01"), {
          "mcp-protocol-version": "2099-01-01",
          "mcp-method": "tools/list",
        }),
    ],
    [
      "headers that contradict the body",
      400,
      () =>
        post(modern("tools/list")[0], {
          "mcp-protocol-version": VERSION,
          "mcp-method": "tools/call",
        }),
    ],
  ])("%s: %d", async (_what, status, ask) => {
    const response = await ask();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      jsonrpc: "2.0",
      error: { message: expect.any(String) as string },
    });
  });

  it("a body above 1 MiB, whether its size is announced or not", async () => {
    const big = "x".repeat(MAX_BODY_BYTES + 1);
    expect((await post(big)).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const outgoing = request(
        `${base}/mcp`,
        {
          method: "POST",
          headers: { "content-type": "application/json", "transfer-encoding": "chunked" },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      outgoing.on("error", reject);
      outgoing.end(big);
    });
    expect(status).toBe(413);
    expect((await fetch(`${base}/live`)).status).toBe(200);
  });

  it("count as errors under bounded labels", async () => {
    const series =
      'mcp_server_operation_duration_seconds_count{service="scene",mcp_method_name="other",gen_ai_tool_name="",error_type="400"';
    const before = await metric(series);
    await post(call("invented/method-1"));
    await post(call("invented/method-2"));
    await expect.poll(() => metric(series)).toBe(before + 2);
  });

  it("other hosts and origins, where they are restricted", async () => {
    const strict = await start({ ALLOWED_HOSTS: "127.0.0.1", ALLOWED_ORIGINS: "app.example" });
    try {
      expect((await post(initialize, {}, strict.base)).status).toBe(200);
      expect((await post(initialize, { origin: "https://app.example" }, strict.base)).status).toBe(
        200,
      );
      expect((await post(initialize, { origin: "https://evil.example" }, strict.base)).status).toBe(
        403,
      );
      expect((await post(initialize, { origin: "null" }, strict.base)).status).toBe(403);
      expect(
        (await post(initialize, {}, strict.base.replace("127.0.0.1", "localhost"))).status,
      ).toBe(403);
    } finally {
      await strict.app.close();
    }
  });
});

describe("sessions and streams", () => {
  it("open by initialize, stream by GET, end by DELETE", async () => {
    const opened = await post(initialize);
    const id = opened.headers.get("mcp-session-id") ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const headers = { "mcp-session-id": id, accept: "text/event-stream" };
    const stream = await fetch(`${base}/mcp`, { headers });
    expect([stream.status, stream.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(await metric("mcp_active_sessions")).toBe(1);
    // A stream is no call: a drain does not wait for it.
    expect(app.activity.inFlight).toBe(0);
    expect((await fetch(`${base}/mcp`, { method: "DELETE", headers })).status).toBe(200);
    expect(await stream.text()).toBe("");
    expect(await metric("mcp_active_sessions")).toBe(0);
    expect((await post(call("tools/list"), { "mcp-session-id": id })).status).toBe(404);
  });

  it("answer batches of the 2025-03-26 revision", async () => {
    const id = (await post(initialize)).headers.get("mcp-session-id") ?? "";
    const batch = [1, 2].map((n) => ({ jsonrpc: "2.0", id: n, method: "ping" }));
    const answer = (await (await post(JSON.stringify(batch), { "mcp-session-id": id })).json()) as {
      id: number;
    }[];
    expect(answer.map((message) => message.id).sort()).toEqual([1, 2]);
  });

  it("let the stateless revision discover and list without a session", async () => {
    const discovered = await post(...modern("server/discover"));
    expect(discovered.headers.get("mcp-session-id")).toBeNull();
    expect(await discovered.json()).toMatchObject({ result: { supportedVersions: [VERSION] } });
    const listed = (await (await post(...modern("tools/list"))).json()) as {
      result: { tools: { name: string }[] };
    };
    expect(listed.result.tools[0]?.name).toBe("server_status");
  });

  it("end a subscription stream when the client leaves", async () => {
    const abort = new AbortController();
    const [body, headers] = modern("subscriptions/listen", {
      notifications: { toolsListChanged: true },
    });
    const stream = await fetch(`${base}/mcp`, {
      method: "POST",
      body,
      signal: abort.signal,
      headers: { "content-type": "application/json", accept: ACCEPT, ...headers },
    });
    expect([stream.status, stream.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(app.activity.inFlight).toBe(0);
    abort.abort();
  });
});
