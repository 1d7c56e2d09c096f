import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dockerEndpoint } from "../../toolchain/docker-endpoint.ts";
import { diagnoseEngine, prepareEngine } from "../../toolchain/docker-engine.ts";
import {
  fakeEngine,
  fakeMachine,
  type FakeMachine,
  healthyEngine,
  put,
  script,
} from "./fake-machine.ts";

const DEBIAN = 'ID=debian\nVERSION_ID="13"\n';

/** A daemon that is a Node program, so that it can hold a socket. */
async function fakeDaemon(machine: FakeMachine, body: string): Promise<void> {
  const program = join(machine.dir, "daemon.cjs");
  await put(program, body);
  await script(join(machine.fsRoot, "usr/sbin/dockerd"), `exec ${process.execPath} ${program}`);
}

const serving = (machine: FakeMachine): string => `
  const server = require("http").createServer((request, response) => {
    response.end(JSON.stringify({ Version: "26.1", ApiVersion: "1.45", DockerRootDir: "/data" }));
  });
  server.listen(${JSON.stringify(join(machine.fsRoot, "var/run/docker.sock"))});
  setTimeout(() => process.exit(), 5000);`;

describe("dockerEndpoint", () => {
  it.each([
    ["DOCKER_HOST", { DOCKER_HOST: "tcp://far:2375", DOCKER_CONTEXT: "x" }, "tcp://far:2375", true],
    ["default socket", {}, "unix://<fs>/var/run/docker.sock", false],
  ])("is chosen by %s", async (source, env, host, chosen) => {
    const machine = await fakeMachine();
    const endpoint = await dockerEndpoint({ ...machine, env: { ...machine.env, ...env } });
    expect(endpoint).toMatchObject({
      source,
      host: host.replace("<fs>", machine.fsRoot),
      chosen,
      env: {},
    });
  });

  it("follows the current context, and tells clients that know none", async () => {
    const machine = await fakeMachine();
    const id = createHash("sha256").update("lab").digest("hex");
    const config = join(machine.home, ".docker");
    await put(join(config, "config.json"), '{"currentContext":"lab"}');
    const meta = { Endpoints: { docker: { Host: "tcp://lab:2376" } } };
    await put(join(config, "contexts/meta", id, "meta.json"), JSON.stringify(meta));
    expect((await dockerEndpoint(machine)).env).toEqual({ DOCKER_HOST: "tcp://lab:2376" });
    const tls = join(config, "contexts/tls", id, "docker");
    await mkdir(tls, { recursive: true });
    expect((await dockerEndpoint(machine)).env).toEqual({
      DOCKER_HOST: "tcp://lab:2376",
      DOCKER_CERT_PATH: tls,
      DOCKER_TLS_VERIFY: "1",
    });
  });

  it("refuses a context that is not there", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, DOCKER_CONTEXT: "gone" };
    await expect(dockerEndpoint({ ...machine, env })).rejects.toThrow(
      /context "gone" has no engine/,
    );
  });

  it("finds a rootless engine's socket", async () => {
    const machine = await fakeMachine();
    const env = { ...machine.env, XDG_RUNTIME_DIR: join(machine.dir, "run") };
    await put(join(machine.dir, "run/docker.sock"), "");
    const host = `unix://${machine.dir}/run/docker.sock`;
    expect(await dockerEndpoint({ ...machine, env })).toMatchObject({
      host,
      env: { DOCKER_HOST: host },
    });
  });
});

describe("prepareEngine", () => {
  it("uses an engine that answers", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, healthyEngine(new Map()));
    const engine = await prepareEngine(machine);
    expect(engine).toMatchObject({ version: "27.1", dataRoot: "/", report: { origin: "found" } });
    expect(machine.lines).toEqual([]);
  });

  it("reaches an engine over ssh as the docker command does", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, healthyEngine(new Map()));
    const socket = join(machine.fsRoot, "var/run/docker.sock");
    const relay = `const s = require("net").connect("${socket}"); process.stdin.pipe(s).pipe(process.stdout)`;
    await put(join(machine.dir, "relay.cjs"), relay);
    await script(
      join(machine.bin, "ssh"),
      `echo "$*" >> ${machine.dir}/ssh; exec ${process.execPath} ${machine.dir}/relay.cjs`,
    );
    const env = { ...machine.env, DOCKER_HOST: "ssh://me@far:2222" };
    const engine = await prepareEngine({ ...machine, env });
    expect(engine.version).toBe("27.1");
    expect(engine.dataRoot).toBeUndefined();
    expect(await readFile(join(machine.dir, "ssh"), "utf8")).toContain(
      "BatchMode=yes -o ConnectTimeout=2 -p 2222 -- me@far docker system dial-stdio",
    );
  });

  it("tells whoever started one by hand that its containers weigh too little", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, healthyEngine(new Map()));
    await put(join(machine.fsRoot, "sys/fs/cgroup/cpu/docker/cpu.shares"), "1024\n");
    expect((await diagnoseEngine(machine)).report).toMatchObject({
      origin: "found",
      better: expect.stringMatching(
        /weigh as much as one process.*echo 10240 > \S+cpu\.shares$/,
      ) as unknown,
    });
  });

  it("refuses an engine that is too old, with both versions", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await fakeEngine(machine, (_, response) => {
      response.end('{"Version":"19.03.1","ApiVersion":"1.40"}');
    });
    await expect(prepareEngine(machine)).rejects.toThrow(
      /version 19\.03\.1 \(API 1\.40\); upgrade it to 20\.10/,
    );
  });

  it("does not wait for an engine that accepts and says nothing", async () => {
    const machine = await fakeMachine();
    await fakeEngine(machine, () => undefined);
    const began = Date.now();
    expect((await diagnoseEngine(machine)).report.problem).toMatch(/does not answer/);
    expect(Date.now() - began).toBeLessThan(2_500);
  });

  it("never replaces an engine that the user chose", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await put(join(machine.fsRoot, "etc/os-release"), DEBIAN);
    const env = { ...machine.env, DOCKER_HOST: `unix://${machine.dir}/gone.sock` };
    await expect(prepareEngine({ ...machine, env })).rejects.toThrow(
      /gone\.sock \(DOCKER_HOST\) does not answer: ENOENT; start that engine, or choose another/,
    );
    expect(machine.lines).toEqual([]);
  });

  it("tells a user who is not root what to do", async () => {
    const machine = await fakeMachine();
    await expect(prepareEngine(machine)).rejects.toThrow(
      /needs root; start Docker \(`sudo systemctl start docker`\)/,
    );
  });

  it("installs nothing where apt is not the package manager", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await put(join(machine.fsRoot, "etc/os-release"), "ID=fedora\n");
    await expect(prepareEngine(machine)).rejects.toThrow(
      /not Debian or Ubuntu; install docker\.io/,
    );
  });

  it("starts an installed daemon, announced, with its log", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await mkdir(join(machine.fsRoot, "var/run"), { recursive: true });
    await fakeDaemon(machine, serving(machine));
    const engine = await prepareEngine(machine);
    expect(engine).toMatchObject({
      version: "26.1",
      dataRoot: "/data",
      report: { origin: "found" },
    });
    expect(machine.lines.join("\n")).toMatch(/starting .*dockerd, log in .*mcp-fleet-dockerd\.log/);
  });

  it("installs Debian's engine first where there is none, with AppArmor's parser if the kernel wants it", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await mkdir(join(machine.fsRoot, "var/run"), { recursive: true });
    await put(join(machine.fsRoot, "etc/os-release"), 'ID=ubuntu\nID_LIKE="debian"\n');
    await put(join(machine.fsRoot, "sys/module/apparmor/parameters/enabled"), "Y\n");
    await script(
      join(machine.bin, "apt-cache"),
      '[ "${!#}" = docker-cli ] && echo Package: docker-cli',
    );
    await fakeDaemon(machine, serving(machine));
    const daemon = join(machine.fsRoot, "usr/sbin/dockerd");
    await script(join(machine.dir, "packaged"), await readFile(daemon, "utf8"));
    await script(
      join(machine.bin, "apt-get"),
      `echo "$DEBIAN_FRONTEND $*" >> ${machine.dir}/apt
       [[ "$*" = *install* ]] && cp ${machine.dir}/packaged ${daemon}; exit 0`,
    );
    await rm(daemon);
    expect((await prepareEngine(machine)).report.origin).toBe("official");
    const apt = (await readFile(join(machine.dir, "apt"), "utf8")).trim().split("\n");
    expect(apt[0]).toMatch(/^noninteractive .*update$/);
    expect(apt[1]).toMatch(
      /install --no-install-recommends docker\.io iptables apparmor docker-cli$/,
    );
    expect(machine.lines.join("\n")).toMatch(/installing docker\.io[^]*starting/);
  });

  it("shows the last lines of a daemon that ends", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await fakeDaemon(machine, 'console.error("failed to mount overlay"); process.exit(1);');
    await expect(prepareEngine(machine)).rejects.toThrow(
      /it ended: exit 1[^]*failed to mount overlay[^]*read .*dockerd\.log/,
    );
  });

  it("uses systemctl where systemd runs", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await mkdir(join(machine.fsRoot, "run/systemd/system"), { recursive: true });
    await fakeDaemon(machine, "");
    await script(join(machine.bin, "systemctl"), `echo "unit failed: $*" >&2; exit 1`);
    await expect(prepareEngine(machine)).rejects.toThrow(
      /unit failed: start docker[^]*journalctl -u docker/,
    );
  });
});

describe("diagnoseEngine", () => {
  it("foretells what `up` would do, and does nothing", async () => {
    const machine = await fakeMachine({ isRoot: true });
    await put(join(machine.fsRoot, "etc/os-release"), DEBIAN);
    expect((await diagnoseEngine(machine)).report).toMatchObject({
      origin: "missing",
      better: expect.stringMatching(/installs docker\.io/) as string,
    });
    expect(machine.lines).toEqual([]);
  });
});
