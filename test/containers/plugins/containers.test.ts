import { createServer, type Server } from "node:net";
import { describe, expect, it } from "vitest";
import { freePorts } from "../../../bench/free-ports.ts";
import { UNKNOWN } from "../../../toolchain/plugins/bridge/values.ts";
import { InitializationFailed } from "../../../toolchain/plugins/rpc/provider.ts";
import { CONTAINER, PluginOnEngine, urnOf } from "./plugin-on-engine.ts";

const plugin = new PluginOnEngine("containers");
const { docker, provider, image: IMAGE } = plugin;

describe("a container that cannot be made", () => {
  it("says which image is missing, and is not there", async () => {
    const image = "127.0.0.1:1/no/such-image:1";
    await expect(plugin.container({ image })).rejects.toThrow(
      `Unable to create container with image ${image}: unable to pull image ${image}`,
    );
    expect(plugin.made).toEqual([]);
  });

  it("is reported as existing if only its start failed", async () => {
    const { server, port } = await listen();
    try {
      const attempt = plugin.container({
        ports: [{ internal: 80, external: port, ip: "127.0.0.1" }],
      });
      await expect(attempt).rejects.toThrow(
        /Unable to start container: .*(in use|already allocated)/,
      );
      await expect(attempt).rejects.toBeInstanceOf(InitializationFailed);
    } finally {
      server.close();
    }
    const [failed] = plugin.made;
    expect(await docker.getContainer(failed?.id ?? "").inspect()).toMatchObject({
      State: { Running: false },
    });
    expect(JSON.stringify(failed?.properties)).not.toContain(UNKNOWN);
  });

  it("is reported as existing if it does not become healthy in time", async () => {
    const healthcheck = { tests: ["CMD", "/usr/bin/false"], interval: "1s", retries: 1 };
    const attempt = plugin.container({ healthcheck, wait: true, waitTimeout: 2 });
    await expect(attempt).rejects.toThrow("container failed to be in healthy state");
    await expect(attempt).rejects.toBeInstanceOf(InitializationFailed);
  });

  it("cannot wait for health without a health check", async () => {
    await expect(plugin.container({ wait: true })).rejects.toThrow(
      /does not have a healthcheck defined/,
    );
  });

  it("stops waiting when the engine cancels", async () => {
    const healthcheck = { tests: ["CMD", "/usr/bin/false"], interval: "1s" };
    const started = Date.now();
    const attempt = plugin.container({ healthcheck, wait: true, waitTimeout: 60 });
    setTimeout(() => provider.cancel(), 2_000);
    await expect(attempt).rejects.toThrow(/cancelled/);
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  it("names the upload that has no content", async () => {
    await expect(plugin.container({ uploads: [{ file: "/etc/x" }] })).rejects.toThrow(/'content'/);
  });
});

describe("a container that ends although it must run", () => {
  it("is created, shown as not running, and started by the next update", async () => {
    const object = await plugin.container({ command: ["/usr/bin/true"], mustRun: true });
    await docker.getContainer(object.id).wait();
    const after = await plugin.read(object);
    expect(after.properties).toMatchObject({ mustRun: false, exitCode: 0 });

    const started = (await docker.getContainer(object.id).inspect()).State.StartedAt;
    const stopped = { ...object, properties: after.properties ?? {} };
    await plugin.update(stopped, { image: IMAGE, command: ["/usr/bin/true"], mustRun: true });
    const restarted = (await docker.getContainer(object.id).inspect()).State.StartedAt;
    expect(restarted).not.toBe(started);
  });
});

describe("a container", () => {
  it("gets its files with their modes, and no others see them", async () => {
    const uploads = [
      { file: "/etc/a/b", content: "plain", permissions: "0440" },
      { file: "/etc/c", contentBase64: Buffer.from([0, 255]).toString("base64") },
    ];
    const { id } = await plugin.container({ uploads });
    const archive = await docker.getContainer(id).getArchive({ path: "/etc/a/b" });
    const bytes: Buffer[] = [];
    for await (const chunk of archive) bytes.push(chunk as Buffer);
    const tar = Buffer.concat(bytes);
    expect(tar.toString("latin1")).toContain("plain");
    expect(tar.toString("latin1", 100, 107)).toMatch(/440$/);
    expect(JSON.stringify(await docker.getContainer(id).inspect())).not.toContain("plain");
  });

  it("is what was declared", async () => {
    const { id } = await plugin.container({
      readOnly: true,
      init: true,
      user: "65532:65532",
      workingDir: "/tmp",
      hostname: "web",
      entrypoints: ["/usr/bin/sleep"],
      command: ["600"],
      tmpfs: { "/tmp": "size=8m" },
      capabilities: { drops: ["ALL"], adds: ["NET_BIND_SERVICE"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 64,
      memorySwap: -1,
      cpus: "0.25",
      shmSize: 16,
      logDriver: "json-file",
      logOpts: { "max-size": "1m" },
      stopSignal: "SIGINT",
      stopTimeout: 7,
      hosts: [{ host: "gateway", ip: "127.0.0.2" }],
      healthcheck: { tests: ["CMD", "/usr/bin/true"], interval: "1m30s", startPeriod: "500ms" },
    });
    const { Config: config, HostConfig: host } = await docker.getContainer(id).inspect();
    expect(config).toMatchObject({
      User: "65532:65532",
      WorkingDir: "/tmp",
      Hostname: "web",
      Entrypoint: ["/usr/bin/sleep"],
      Cmd: ["600"],
      StopSignal: "SIGINT",
      StopTimeout: 7,
      Healthcheck: { Test: ["CMD", "/usr/bin/true"], Interval: 90e9, StartPeriod: 5e8 },
    });
    expect(host).toMatchObject({
      ReadonlyRootfs: true,
      Init: true,
      Tmpfs: { "/tmp": "size=8m" },
      CapDrop: ["ALL"],
      CapAdd: ["NET_BIND_SERVICE"],
      SecurityOpt: ["no-new-privileges:true"],
      Memory: 64 * 1024 * 1024,
      MemorySwap: -1,
      NanoCpus: 250_000_000,
      ShmSize: 16 * 1024 * 1024,
      LogConfig: { Type: "json-file", Config: { "max-size": "1m" } },
      ExtraHosts: ["gateway:127.0.0.2"],
    });
  });

  it("has nothing to change right after its creation and after a refresh", async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const object = await plugin.container({
      capabilities: { drops: ["SETUID", "NET_RAW"] },
      envs: ["B=2", "A=1"],
      labels: [
        { label: "z", value: "1" },
        { label: "a", value: "2" },
      ],
      ports: [
        { internal: 81, external: first, ip: "127.0.0.1" },
        { internal: 80, external: second, ip: "127.0.0.1" },
      ],
      healthcheck: { tests: ["CMD", "/usr/bin/true"], interval: "1m30s" },
      securityOpts: ["no-new-privileges:true"],
    });
    const after = await plugin.read(object);
    for (const olds of [object.properties, after.properties ?? {}]) {
      const request = { urn: urnOf(CONTAINER), type: CONTAINER, id: object.id, olds };
      const same = { ...request, news: object.inputs, oldInputs: object.inputs, ignoreChanges: [] };
      expect(provider.diff(same).detailedDiff).toBeUndefined();
    }
  });

  it("pretends like the official plugin where the engine cannot change it, and refresh tells", async () => {
    const object = await plugin.container({ init: true });
    const updated = await plugin.update(object, {
      image: IMAGE,
      command: ["/usr/bin/sleep", "600"],
      init: false,
    });
    expect(updated.init).toBe(false);
    expect((await docker.getContainer(object.id).inspect()).HostConfig.Init).toBe(true);
    const after = await plugin.read({ ...object, properties: updated });
    expect(after.properties?.init).toBe(true);
  });

  it("really gets another restart policy and more memory", async () => {
    const object = await plugin.container({ memory: 32, memorySwap: 32 });
    const news = {
      image: IMAGE,
      command: ["/usr/bin/sleep", "600"],
      restart: "always",
      memory: 48,
      memorySwap: 48,
    };
    await plugin.update(object, news);
    const { HostConfig: host } = await docker.getContainer(object.id).inspect();
    expect(host).toMatchObject({ RestartPolicy: { Name: "always" }, Memory: 48 * 1024 * 1024 });
  });

  it("can be imported", async () => {
    const object = await plugin.container({
      hostname: "imported",
      labels: [{ label: "a", value: "b" }],
    });
    const imported = await plugin.read({ ...object, properties: {}, inputs: {} });
    expect(imported.id).toBe(object.id);
    expect(imported.inputs).toMatchObject({
      image: IMAGE,
      hostname: "imported",
      command: ["/usr/bin/sleep", "600"],
    });
  });

  it("is gone after its deletion, and deleting it again does not hurt", async () => {
    const object = await plugin.container({ destroyGraceSeconds: 1 });
    await plugin.remove(object);
    expect(await plugin.read(object)).toEqual({});
    await plugin.remove(object);
  });
});

describe("previews", () => {
  it("make nothing and leave unknown what only creation decides", async () => {
    const inputs = plugin.inputsOf(CONTAINER, { image: IMAGE });
    const request = { urn: urnOf(CONTAINER), type: CONTAINER, properties: inputs, preview: true };
    const { id, properties } = await provider.create(request);
    expect(id).toBe("");
    expect(properties).toMatchObject({
      name: inputs.name,
      image: IMAGE,
      id: UNKNOWN,
      networkDatas: UNKNOWN,
    });
  });
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return { server, port: address.port };
}
