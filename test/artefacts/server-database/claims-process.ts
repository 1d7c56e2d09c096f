import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import {
  type Environment,
  type ServerProcess,
  statusOf,
  untilStatus,
} from "../../servers/server-process.ts";
import { connect, type ServerLab } from "./server-lab.ts";

/** What a server's process makes of signals and of its settings: how it ends, its limits, faults and name. */
export function processClaims(lab: ServerLab): void {
  it("finish calls in flight on SIGTERM, refuse new sessions meanwhile, and exit with 0", async () => {
    const server = await lab.startReady("author", { FAULT: "slow:1200", DRAIN_SECONDS: "10" });
    const client = await connect(server, "2025");
    const call = client.callTool({ name: "list_authors", arguments: {} });
    await untilInFlight(server);
    server.child.kill("SIGUSR1");
    server.child.kill("SIGTERM");
    await untilStatus(`${server.url}/ready`, 503, 1000);
    expect(await statusOf(`${server.url}/live`)).toBe(200);
    await expect(connect(server, "2025")).rejects.toThrow("about to stop");
    expect((await call).isError).toBeFalsy();
    expect(await server.exited).toBe(0);
    expect(server.output()).not.toContain("Debugger listening");
    expect(server.output()).toContain("MISBEHAVES ON PURPOSE");
  });

  it("cut calls that outlast the drain time, and exit at once on a second signal", async () => {
    const slow = { FAULT: "slow:20000", DRAIN_SECONDS: "1" };
    const [bounded, impatient] = await Promise.all([
      lab.startReady("author", slow),
      lab.startReady("author", { ...slow, DRAIN_SECONDS: "60" }),
    ]);
    const clients = await Promise.all(
      [bounded, impatient].map((server) => connect(server, "2026")),
    );
    const outcomes = clients.map((client) =>
      client.callTool({ name: "list_authors", arguments: {} }).then(
        () => "answered",
        () => "cut",
      ),
    );
    await Promise.all([bounded, impatient].map(untilInFlight));
    bounded.child.kill("SIGTERM");
    impatient.child.kill("SIGTERM");
    await untilStatus(`${impatient.url}/ready`, 503, 1000);
    impatient.child.kill("SIGTERM");
    expect(await impatient.exited).toBe(1);
    expect(await bounded.exited).toBe(0);
    expect(bounded.output()).toContain('"cut":1');
    expect(await Promise.all(outcomes)).toEqual(["cut", "cut"]);
  });

  it("end idle sessions and hold the limit", async () => {
    const server = await lab.startReady("reporting", {
      SESSION_IDLE_SECONDS: "1",
      SESSION_MAX: "2",
    });
    const initialize = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-06-18",
        capabilities: {},
        clientInfo: { name: "t", version: "1" },
      },
    };
    const post = (body: unknown, headers: Environment = {}): Promise<Response> =>
      fetch(`${server.url}/mcp`, {
        method: "POST",
        body: JSON.stringify(body),
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
      });
    const opened = await Promise.all([post(initialize), post(initialize), post(initialize)]);
    expect(opened.map((response) => response.status).sort()).toEqual([200, 200, 503]);
    const id = opened.find((response) => response.ok)?.headers.get("mcp-session-id") ?? "";
    const list = { jsonrpc: "2.0", id: 2, method: "tools/list" };
    expect((await post(list, { "mcp-session-id": id })).status).toBe(200);
    expect((await post(list)).status).toBe(400);
    await delay(1500);
    expect((await post(list, { "mcp-session-id": id })).status).toBe(404);
    expect(await (await fetch(`${server.url}/health`)).json()).toMatchObject({ activeSessions: 0 });
    expect((await post(initialize)).status).toBe(200);
  });

  it("misbehave as a drill asks for", async () => {
    const [exit, unready, noMcp, fail] = await Promise.all([
      lab.start("scene", { FAULT: "exit" }),
      lab.startReady("scene", { FAULT: "unready" }),
      lab.startReady("scene", { FAULT: "no-mcp" }),
      lab.startReady("scene", { FAULT: "fail:1" }),
    ]);
    expect(await exit.exited).toBe(1);
    expect(await statusOf(`${unready.url}/ready`)).toBe(503);
    expect(await statusOf(`${unready.url}/live`)).toBe(200);
    expect(await statusOf(`${noMcp.url}/ready`)).toBe(200);
    await expect(connect(noMcp, "2026")).rejects.toThrow();
    await expect(connect(noMcp, "2025")).rejects.toThrow();
    const client = await connect(fail, "2026");
    expect(await client.callTool({ name: "list_scenes", arguments: {} })).toMatchObject({
      isError: true,
    });
  });

  it("refuse to start on a bad configuration, naming all of it", async () => {
    const server = await lab.start("scene", { PORT: "80", LOG_LEVEL: "loud", FAULT: "explode" });
    expect(await server.exited).toBe(1);
    for (const key of ["PORT", "LOG_LEVEL", "FAULT"])
      expect(server.output()).toContain(`  ${key}: got `);
  });

  it("run any domain under another name, and answer the container's health check", async () => {
    const server = await lab.startReady("npe", { SERVER_DOMAIN: "book-planning" });
    const client = await connect(server, "2026");
    const call = await client.callTool({
      name: "create_book",
      arguments: { title: "Own schema", premise: "It works." },
    });
    expect(call.structuredContent).toMatchObject({ book: { id: 1 } });
    const check = async (PORT: string): Promise<number> => {
      const script = spawn("bash", ["images/mcp-server/health.sh"], { env: { PORT } });
      const [code] = (await once(script, "exit")) as [number];
      return code;
    };
    expect(await check(new URL(server.url).port)).toBe(0);
    expect(await check("1")).toBe(1);
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    expect(await check(String((silent.address() as AddressInfo).port))).toBe(1);
    silent.close();
  });
}

/** Waits until the server works on a call. */
async function untilInFlight(server: ServerProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await (await fetch(server.metricsUrl)).text();
    if (/^mcp_in_flight_calls\{.*\} 1$/m.test(text)) return;
    await delay(20);
  }
  throw new Error("no call came in flight");
}
