import http from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GatewayRoute } from "../../components/gateway/gateway-routes.ts";
import { FakeMcpServer } from "./fake-mcp-server.ts";
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

let image: string;
let backend: FakeMcpServer;
let gateway: RunningGateway;
let routes: GatewayRoute[];

beforeAll(async () => {
  image = await gatewayImage();
  backend = await FakeMcpServer.start("scene-a");
  routes = await routesTo(backend);
  gateway = await RunningGateway.start(image, routes);
});

afterAll(async () => {
  await gateway?.stop();
  await backend?.kill();
});

async function routesTo(...servers: FakeMcpServer[]): Promise<GatewayRoute[]> {
  const [port = 0] = await freePorts(1);
  const backends = servers.map((server) => ({
    name: server.name,
    address: "127.0.0.1",
    port: server.port,
    weight: 100,
  }));
  return [{ server: "scene", port, backends }];
}

const ask = (body: unknown = {}) => call({ port: gateway.port, body });

interface Stream {
  /** Text so far. */
  text: string;
  open: boolean;
  readonly request: http.ClientRequest;
}

function openStream(port: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${tokens.primary}`, accept: "text/event-stream" };
    const options = { host: "127.0.0.1", port, path: "/scene/mcp", headers, agent: false };
    const request = http.get(options, (response) => {
      const stream: Stream = { text: "", open: true, request };
      response.on("data", (chunk: Buffer) => (stream.text += chunk.toString()));
      const ended = () => (stream.open = false);
      response.on("close", ended).on("error", ended);
      resolve(stream);
    });
    request.on("error", reject);
  });
}

describe("a reload", () => {
  it("20 times under load fails no request, cuts no stream and no slow call", async () => {
    const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(gateway.port)));
    // Longer than every timeout but that of streams.
    const slow = ask({ method: "slow", ms: 17_000 });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const outcomes = new Map<string, number>();
    let loading = true;
    const load = Array.from({ length: 8 }, async (_, worker) => {
      while (loading) {
        // Half of the workers keep their connections, half open a new one each time.
        const request = { port: gateway.port, body: {}, ...(worker % 2 === 0 && { agent }) };
        const outcome = await call(request).then(
          ({ status }) => String(status),
          (error: Error) => error.message,
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    for (let count = 0; count < 20; count++) {
      gateway.makeCurrent(gateway.write(gateway.render(routes, { maxBodyBytes: 4096 + count })));
      await gateway.takeUp();
      if (count % 5 === 0) streams.push(await openStream(gateway.port));
    }
    loading = false;
    await Promise.all(load);
    agent.destroy();

    expect([...outcomes.keys()]).toEqual(["200"]);
    expect(outcomes.get("200")).toBeGreaterThan(500);
    const before = streams.map(({ text }) => text.length);
    await until(
      () => streams.every(({ text }, at) => text.length > (before[at] ?? 0)),
      "every stream goes on",
    );
    expect(streams.filter(({ open }) => open)).toHaveLength(14);
    expect((await slow).status).toBe(200);
    for (const { request } of streams) request.destroy();
  });

  it("is not even tried with a broken version, and the old one keeps serving", async () => {
    const files = gateway.render(routes);
    const version = gateway.write({
      ...files,
      "haproxy.cfg": `${files["haproxy.cfg"] ?? ""}  nonsense\n`,
    });
    const checked = await gateway.check(version);
    expect(checked.code).not.toBe(0);
    expect(checked.output).toContain("unknown keyword 'nonsense'");
    expect((await ask()).status).toBe(200);
    expect(await gateway.ctl("verify")).toEqual({ code: 0, output: "" });
  });

  it("judges a new version with its own files, not with the current ones", async () => {
    const all = Object.entries(gateway.render(routes));
    const incomplete = Object.fromEntries(all.filter(([name]) => name !== "origins.lst"));
    const checked = await gateway.check(gateway.write(incomplete));
    expect(checked.code).not.toBe(0);
    expect(checked.output).toContain("origins.lst");
  });

  it("fails loudly if it was tried all the same, and the old version keeps serving", async () => {
    const files = gateway.render(routes);
    gateway.makeCurrent(
      gateway.write({ ...files, "haproxy.cfg": "global\n  description other\n  nonsense\n" }),
    );
    const reloaded = await gateway.ctl("reload");
    expect(reloaded.code).not.toBe(0);
    expect(reloaded.output).toContain("the old version keeps serving");
    expect((await gateway.ctl("verify")).code).not.toBe(0);
    expect((await ask()).status).toBe(200);
    await gateway.apply(routes);
  });

  it("moves all calls to the new release and ends the old one's sessions with 404", async () => {
    const session = (await ask({ method: "initialize" })).headers["mcp-session-id"];
    const next = await FakeMcpServer.start("scene-b");
    await gateway.apply(await routesTo(next));
    expect((await ask()).text).toContain('"server":"scene-b"');
    const stale = { port: gateway.port, body: {}, headers: { "mcp-session-id": session } };
    expect((await call(stale)).status).toBe(404);
    await gateway.apply(routes);
    await next.kill();
  });

  it("leaves no idle connection with the routes, sessions and tokens from before", async () => {
    const idle = () => new http.Agent({ keepAlive: true, maxSockets: 1 });
    const [plain, withSession, onServerPort] = [idle(), idle(), idle()];
    const serverPort = routes[0]?.port ?? 0;
    const session = await call({
      port: gateway.port,
      body: { method: "initialize" },
      agent: withSession,
    });
    const headers = { "mcp-session-id": session.headers["mcp-session-id"] };
    const through = (agent: http.Agent, more: Partial<Request> = {}) =>
      call({ port: gateway.port, body: {}, agent, ...more });
    for (const agent of [plain, withSession]) {
      expect((await through(agent)).text).toContain('"server":"scene-a"');
    }
    expect((await through(onServerPort, { port: serverPort, path: "/mcp" })).status).toBe(200);

    const next = await FakeMcpServer.start("scene-b");
    const [moved] = await routesTo(next);
    if (moved === undefined) throw new Error("no route");
    await gateway.apply([{ ...moved, port: serverPort }]);
    const first = await through(plain);
    expect(first.text).toContain('"server":"scene-b"');
    // The process before answers once more on each connection, whoever made the answer.
    expect(first.headers.connection).toBe("close");
    expect(JSON.parse(first.text)).toMatchObject({ headers: { "x-forwarded-for": "127.0.0.1" } });
    expect((await through(withSession, { headers })).status).toBe(404);
    const own = await through(onServerPort, { port: serverPort, path: "/mcp" });
    expect(own.text).toContain('"server":"scene-b"');

    // Opened by the second process, left alone during two more reloads, and a token that is gone by then.
    const opened = await through(plain, { body: { method: "initialize" } });
    const id = String(opened.headers["mcp-session-id"]);
    expect(id).toMatch(/^scene-b\.scene-b\./);
    await gateway.apply([{ ...moved, port: serverPort }], { maxBodyBytes: 5000 });
    const files = gateway.render([{ ...moved, port: serverPort }]);
    gateway.makeCurrent(gateway.write({ ...files, "tokens.map": "" }));
    await gateway.takeUp();
    expect((await through(plain, { headers: { "mcp-session-id": id } })).status).toBe(401);
    await gateway.apply(routes);
    await next.kill();
    for (const agent of [plain, withSession, onServerPort]) agent.destroy();
  });

  it("can share calls by weight and leave sessions of a drained release where they are", async () => {
    const session = (await ask({ method: "initialize" })).headers["mcp-session-id"];
    const next = await FakeMcpServer.start("scene-b");
    const [route] = await routesTo(backend, next);
    if (route === undefined) throw new Error("no route");
    const weigh = (...weights: number[]) =>
      gateway.apply([
        {
          ...route,
          backends: route.backends.map((one, at) => ({ ...one, weight: weights[at] ?? 0 })),
        },
      ]);
    const share = async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask()));
      return answers.filter(({ text }) => text.includes('"server":"scene-b"')).length;
    };
    await weigh(90, 10);
    const canary = await share();
    expect(canary).toBeGreaterThanOrEqual(5);
    expect(canary).toBeLessThanOrEqual(15);
    await weigh(0, 100);
    expect(await share()).toBe(100);
    const kept = { port: gateway.port, body: {}, headers: { "mcp-session-id": session } };
    expect((await call(kept)).text).toContain('"server":"scene-a"');
    await gateway.apply(routes);
    await next.kill();
  });
});

describe("a server", () => {
  it("that is not ready is 503 within seconds, at once for each call, and comes back by itself", async () => {
    backend.ready = false;
    await until(async () => (await ask()).status === 503, "the gateway notices");
    const refused = await ask();
    expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(refused.ms).toBeLessThan(500);
    backend.ready = true;
    await until(async () => (await ask()).status === 200, "the gateway notices again");
  });

  it("that has died is refused fast and used again when it is back", async () => {
    const { port } = backend;
    await backend.kill();
    const answers = [await ask(), await ask()];
    for (const { status, ms } of answers) {
      expect(status).toBe(503);
      expect(ms).toBeLessThan(5000);
    }
    await until(async () => (await ask()).ms < 500, "the gateway has stopped trying");
    await backend.listen(port);
    await until(async () => (await ask()).status === 200, "the gateway notices");
  });

  it("that breaks off gets the call once: it may have carried it out", async () => {
    const before = backend.seen.length;
    const answer = await ask({ method: "break" });
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.text)).toMatchObject({
      jsonrpc: "2.0",
      id: null,
      error: { code: 502 },
    });
    expect(backend.seen).toHaveLength(before + 1);
  });

  it("that is silent for longer than a stream may be is 504", async () => {
    await gateway.apply(routes, { streamTimeoutSeconds: 1 });
    const answer = await ask({ method: "slow", ms: 3000 });
    expect(answer.status).toBe(504);
    expect(answer.ms).toBeGreaterThan(900);
    await gateway.apply(routes);
  });

  it("may be unknown when the gateway starts and may come back with another address", async () => {
    const network = `mcp-fleet-test-${process.pid}`;
    const names = ["gateway", "server", "filler"].map((role) => `${network}-${role}`);
    const [front = "", server = "", filler = ""] = names;
    const [port = 0] = await freePorts(1);
    // A second HAProxy that says ok to everything plays the server.
    const started = ["run", "-d", `--network=${network}`, ...hardened];
    const echo =
      "frontend f\n  mode http\n  bind :3001\n  timeout client 5s\n  http-request return status 200\n";
    const serverVersion = gateway.write({ "haproxy.cfg": echo });
    const files = gateway.render([
      {
        server: "scene",
        port: 3001,
        backends: [{ name: "scene-a", address: server, port: 3001, weight: 1 }],
      },
    ]);
    const config = (files["haproxy.cfg"] ?? "").replaceAll(/bind 127\.0\.0\.1:\d+/g, (bind) =>
      bind.endsWith(`:${gateway.port}`) ? "bind :8080" : bind,
    );
    const frontVersion = gateway.write({ ...files, "haproxy.cfg": config });
    const startServer = async () => {
      const mount = `-v=${gateway.directory}/${serverVersion}:/etc/haproxy/current:ro`;
      const { code, output } = await docker(...started, `--name=${server}`, mount, image);
      expect(code, output).toBe(0);
    };
    const addressOf = async () => {
      const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
      return (await docker("inspect", "-f", format, server)).output.trim();
    };
    const statusOf = () =>
      call({ port, body: {} }).then(
        ({ status }) => status,
        () => 0,
      );
    try {
      await docker("network", "create", "--internal=false", network);
      const mount = `-v=${gateway.directory}/${frontVersion}:/etc/haproxy/current:ro`;
      await docker(...started, `--name=${front}`, `-p=127.0.0.1:${port}:8080`, mount, image);
      await until(async () => (await statusOf()) === 503, "the gateway runs without its server");
      await startServer();
      await until(async () => (await statusOf()) === 200, "the server is found");
      const first = await addressOf();
      await docker("rm", "-f", server);
      // Takes the address that has become free.
      await docker(...started, `--name=${filler}`, "--entrypoint=sleep", image, "60");
      await startServer();
      expect(await addressOf()).not.toBe(first);
      await until(async () => (await statusOf()) === 200, "the server is found at its new address");
    } finally {
      await docker("rm", "-f", ...names);
      await docker("network", "rm", network);
    }
  });
});

describe("stopping", () => {
  it("lets a call end, takes no new one, waits for no idle connection, and exits with 0", async () => {
    // There have been reloads: no successor must be expected now.
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const kept = () => call({ port: gateway.port, body: {}, agent });
    expect((await kept()).status).toBe(200);
    const idle = new http.Agent({ keepAlive: true, maxSockets: 1 });
    expect((await call({ port: gateway.port, body: {}, agent: idle })).status).toBe(200);
    const before = backend.seen.length;
    const slow = ask({ method: "slow", ms: 4000 });
    await until(() => backend.seen.length > before, "the call has arrived");
    const stopped = docker("stop", "-t", "20", gateway.name);
    await until(
      () =>
        ask().then(
          () => false,
          () => true,
        ),
      "no new connections",
    );
    // An open connection gets one more answer.
    expect((await kept()).status).toBe(200);
    agent.destroy();
    expect((await slow).status).toBe(200);
    const answered = Date.now();
    await stopped;
    // It does not wait for a connection on which nothing is asked, nor for Docker to kill it after 20 s.
    expect(Date.now() - answered).toBeLessThan(10_000);
    idle.destroy();
    const { output } = await docker("inspect", "-f", "{{.State.ExitCode}}", gateway.name);
    expect(output.trim()).toBe("0");
  });
});
