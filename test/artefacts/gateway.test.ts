import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, docker, hardened, tokens, until, type Request } from "./gateway-harness.ts";
import { GatewayScene } from "./gateway-scene.ts";

let lab: GatewayScene;

beforeAll(async () => {
  lab = await GatewayScene.open();
});

afterAll(() => lab?.close());

const ask = (request: Partial<Request> = {}) => lab.ask(request);

describe("the image", () => {
  it("runs as its own user, with a health check and a stop that lets requests finish", async () => {
    const format =
      "{{.Config.User}} {{.Config.StopSignal}} {{.Config.Healthcheck.Test}} {{.Config.Cmd}}";
    const { output } = await docker("image", "inspect", "-f", format, lab.image);
    expect(output.trim()).toBe("10072:10072 SIGUSR1 [CMD gateway-ctl health] [gateway-ctl run]");
    const inside = await docker(
      "exec",
      lab.gateway.name,
      "sh",
      "-c",
      "id -u; cat /proc/1/comm; grep CapEff /proc/1/status; ls -A /root /etc/haproxy/ 2>&1 | tail -n 1",
    );
    expect(inside.output).toMatch(/^10072\ngateway-ctl\nCapEff:\s+0000000000000000\n/);
  });

  it.each([
    ["starts with good files", "", 0, ""],
    ["does not start with bad ones", "nonsense\n", 1, "gateway-ctl: haproxy has ended"],
  ])("can be tried: it %s", async (_, added, code, says) => {
    const folder = mkdtempSync(join(tmpdir(), "gateway-trial-"));
    const files = lab.gateway.render(lab.routes);
    mkdirSync(join(folder, "current"));
    for (const [name, content] of Object.entries(files))
      writeFileSync(
        join(folder, "current", name),
        name === "haproxy.cfg" ? content + added : content,
      );
    chmodSync(folder, 0o755);
    const mounts = [`--volume=${folder}:/etc/haproxy:ro`, "--network=none"];
    const args = ["run", "--rm", ...hardened, ...mounts, "--entrypoint=gateway-ctl", lab.image];
    const tried = await docker(...args, "trial");
    rmSync(folder, { recursive: true });
    expect(tried.code, tried.output).toBe(code);
    expect(tried.output).toContain(says);
  });

  it("brings no files where the fleet's own are mounted", async () => {
    const { output } = await docker(
      "run",
      "--rm",
      "--network=none",
      lab.image,
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
          // With and without a spare.
          draining: at === 0 && index % 2 === 0,
        })),
      }));
      const version = lab.gateway.write(lab.gateway.render(many));
      // -dW makes a warning an error.
      const judged = await docker(
        "run",
        "--rm",
        ...hardened,
        `-v=${lab.gateway.directory}:/etc/haproxy:ro`,
        lab.image,
        "haproxy",
        "-c",
        "-dW",
        "-f",
        `/etc/haproxy/${version}/haproxy.cfg`,
      );
      for (const { code, output } of [judged, await lab.gateway.check(version)]) {
        expect(code, output).toBe(0);
        // Before the first reload there is nothing to take over from a process before.
        const notice = /^\[NOTICE\] .*Can't open global server state file .*$/gm;
        expect(output.replaceAll(notice, "").trim()).toBe("");
      }
    },
  );
});

describe("what can be seen of it", () => {
  it("logs one JSON object per request, without tokens and session ids", async () => {
    const id = `log-${process.pid}`;
    const session = await ask({ body: { method: "initialize" } });
    await ask({
      body: { jsonrpc: "2.0", id: 1, method: "tools/call" },
      headers: { "x-request-id": id, "mcp-session-id": session.headers["mcp-session-id"] },
    });
    const found = async () =>
      (await lab.gateway.logs()).split("\n").find((line) => line.includes(id));
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
    const all = await lab.gateway.logs();
    for (const token of Object.values(tokens)) expect(all).not.toContain(token);
    expect(all).not.toContain(String(session.headers["mcp-session-id"]));
    expect(all).not.toContain("/healthz");
  });

  it("counts for Prometheus, by server", async () => {
    const { status, text } = await call({
      port: lab.gateway.metricsPort,
      path: "/metrics",
      token: null,
    });
    expect(status).toBe(200);
    expect(text).toMatch(
      /^haproxy_backend_http_responses_total\{proxy="scene",code="2xx"\} [1-9]/m,
    );
    expect(text).toMatch(/^haproxy_server_status\{proxy="scene",server="scene-a",state="UP"\} 1$/m);
    expect((await call({ port: lab.gateway.metricsPort, path: "/", token: null })).status).toBe(
      404,
    );
  });
});
