import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import Docker from "dockerode";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Properties } from "../../../toolchain/plugins/bridge/values.ts";
import { UNKNOWN } from "../../../toolchain/plugins/bridge/values.ts";
import { dockerProvider } from "../../../toolchain/plugins/docker/plugin.ts";
import { InitializationFailed } from "../../../toolchain/plugins/rpc/provider.ts";
import { importTinyImage } from "./tiny-image.ts";

const run = promisify(execFile);
const IMAGE = "mcp-fleet-test/behaviour-base:1";
const BUILT = "mcp-fleet-test/behaviour-built:1";
const docker = new Docker();
const provider = dockerProvider("5.2.0");

const CONTAINER = "docker:index/container:Container";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const REMOTE_IMAGE = "docker:index/remoteImage:RemoteImage";

interface Made {
  readonly type: string;
  readonly id: string;
  readonly properties: Properties;
  readonly inputs: Properties;
}

let made: Made[] = [];

const urnOf = (type: string) => `urn:pulumi:dev::p::${type}::behaviour`;

function inputsOf(type: string, news: Properties): Properties {
  const request = { urn: urnOf(type), type, name: "behaviour", olds: {}, news };
  const { inputs, failures } = provider.check({ ...request, randomSeed: new Uint8Array() });
  expect(failures).toBeUndefined();
  return inputs;
}

async function create(type: string, news: Properties): Promise<Made> {
  const inputs = inputsOf(type, news);
  const request = { urn: urnOf(type), type, properties: inputs, preview: false };
  const answer = await provider.create(request).catch((error: unknown) => {
    if (error instanceof InitializationFailed) made.push({ type, inputs, ...error });
    throw error;
  });
  const result = { type, inputs, ...answer };
  made.push(result);
  return result;
}

const container = (news: Properties) =>
  create(CONTAINER, { image: IMAGE, command: ["/usr/bin/sleep", "600"], ...news });

function read({ type, id, properties, inputs }: Made) {
  return provider.read({ urn: urnOf(type), type, id, properties, inputs });
}

function remove({ type, id, properties }: Made): Promise<void> {
  return provider.delete({ urn: urnOf(type), type, id, properties });
}

async function update(object: Made, news: Properties): Promise<Properties> {
  const { type, id, properties: olds } = object;
  const inputs = inputsOf(type, { name: object.inputs.name ?? "", ...news });
  return (await provider.update({ urn: urnOf(type), type, id, olds, news: inputs, preview: false }))
    .properties;
}

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "behaviour-"));
  await importTinyImage(docker, IMAGE);
});

afterEach(async () => {
  const order = [CONTAINER, REMOTE_IMAGE, NETWORK, VOLUME];
  const left = made.sort((a, b) => order.indexOf(a.type) - order.indexOf(b.type));
  made = [];
  for (const object of left) await remove(object);
});

afterAll(async () => {
  for (const image of [BUILT, IMAGE]) {
    await docker
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined);
  }
  await rm(folder, { recursive: true, force: true });
});

describe("a container that cannot be made", () => {
  it("says which image is missing, and is not there", async () => {
    const image = "127.0.0.1:1/no/such-image:1";
    await expect(container({ image })).rejects.toThrow(
      `Unable to create container with image ${image}: unable to pull image ${image}`,
    );
    expect(made).toEqual([]);
  });

  it("is reported as existing if only its start failed", async () => {
    const { server, port } = await listen();
    try {
      const attempt = container({ ports: [{ internal: 80, external: port, ip: "127.0.0.1" }] });
      await expect(attempt).rejects.toThrow(
        /Unable to start container: .*(in use|already allocated)/,
      );
      await expect(attempt).rejects.toBeInstanceOf(InitializationFailed);
    } finally {
      server.close();
    }
    const [failed] = made;
    expect(await docker.getContainer(failed?.id ?? "").inspect()).toMatchObject({
      State: { Running: false },
    });
    expect(JSON.stringify(failed?.properties)).not.toContain(UNKNOWN);
  });

  it("is reported as existing if it does not become healthy in time", async () => {
    const healthcheck = { tests: ["CMD", "/usr/bin/false"], interval: "1s", retries: 1 };
    const attempt = container({ healthcheck, wait: true, waitTimeout: 2 });
    await expect(attempt).rejects.toThrow("container failed to be in healthy state");
    await expect(attempt).rejects.toBeInstanceOf(InitializationFailed);
  });

  it("cannot wait for health without a health check", async () => {
    await expect(container({ wait: true })).rejects.toThrow(/does not have a healthcheck defined/);
  });

  it("stops waiting when the engine cancels", async () => {
    const healthcheck = { tests: ["CMD", "/usr/bin/false"], interval: "1s" };
    const started = Date.now();
    const attempt = container({ healthcheck, wait: true, waitTimeout: 60 });
    setTimeout(() => provider.cancel(), 2_000);
    await expect(attempt).rejects.toThrow(/cancelled/);
    expect(Date.now() - started).toBeLessThan(30_000);
  });

  it("names the upload that has no content", async () => {
    await expect(container({ uploads: [{ file: "/etc/x" }] })).rejects.toThrow(/'content'/);
  });
});

describe("a container that ends although it must run", () => {
  it("is created, shown as not running, and started by the next update", async () => {
    const object = await container({ command: ["/usr/bin/true"], mustRun: true });
    await docker.getContainer(object.id).wait();
    const after = await read(object);
    expect(after.properties).toMatchObject({ mustRun: false, exitCode: 0 });

    const started = (await docker.getContainer(object.id).inspect()).State.StartedAt;
    const stopped = { ...object, properties: after.properties ?? {} };
    await update(stopped, { image: IMAGE, command: ["/usr/bin/true"], mustRun: true });
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
    const { id } = await container({ uploads });
    const archive = await docker.getContainer(id).getArchive({ path: "/etc/a/b" });
    const bytes: Buffer[] = [];
    for await (const chunk of archive) bytes.push(chunk as Buffer);
    const tar = Buffer.concat(bytes);
    expect(tar.toString("latin1")).toContain("plain");
    expect(tar.toString("latin1", 100, 107)).toMatch(/440$/);
    expect(JSON.stringify(await docker.getContainer(id).inspect())).not.toContain("plain");
  });

  it("is what was declared", async () => {
    const { id } = await container({
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
    const [first, second] = [await freePort(), await freePort()];
    const object = await container({
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
    const after = await read(object);
    for (const olds of [object.properties, after.properties ?? {}]) {
      const request = { urn: urnOf(CONTAINER), type: CONTAINER, id: object.id, olds };
      const same = { ...request, news: object.inputs, oldInputs: object.inputs, ignoreChanges: [] };
      expect(provider.diff(same).detailedDiff).toBeUndefined();
    }
  });

  it("pretends like the official plugin where the engine cannot change it, and refresh tells", async () => {
    const object = await container({ init: true });
    const updated = await update(object, {
      image: IMAGE,
      command: ["/usr/bin/sleep", "600"],
      init: false,
    });
    expect(updated.init).toBe(false);
    expect((await docker.getContainer(object.id).inspect()).HostConfig.Init).toBe(true);
    const after = await read({ ...object, properties: updated });
    expect(after.properties?.init).toBe(true);
  });

  it("really gets another restart policy and more memory", async () => {
    const object = await container({ memory: 32, memorySwap: 32 });
    const news = {
      image: IMAGE,
      command: ["/usr/bin/sleep", "600"],
      restart: "always",
      memory: 48,
      memorySwap: 48,
    };
    await update(object, news);
    const { HostConfig: host } = await docker.getContainer(object.id).inspect();
    expect(host).toMatchObject({ RestartPolicy: { Name: "always" }, Memory: 48 * 1024 * 1024 });
  });

  it("can be imported", async () => {
    const object = await container({ hostname: "imported", labels: [{ label: "a", value: "b" }] });
    const imported = await read({ ...object, properties: {}, inputs: {} });
    expect(imported.id).toBe(object.id);
    expect(imported.inputs).toMatchObject({
      image: IMAGE,
      hostname: "imported",
      command: ["/usr/bin/sleep", "600"],
    });
  });

  it("is gone after its deletion, and deleting it again does not hurt", async () => {
    const object = await container({ destroyGraceSeconds: 1 });
    await remove(object);
    expect(await read(object)).toEqual({});
    await remove(object);
  });
});

describe("previews", () => {
  it("make nothing and leave unknown what only creation decides", async () => {
    const inputs = inputsOf(CONTAINER, { image: IMAGE });
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

describe("networks and volumes", () => {
  it("carry labels and options, can be imported, and are gone after deletion", async () => {
    const labels = [{ label: "a", value: "b" }];
    const ipamConfigs = [{ subnet: "10.213.77.0/24", gateway: "10.213.77.1" }];
    const network = await create(NETWORK, { labels, internal: true, ipamConfigs });
    const volume = await create(VOLUME, {
      labels,
      driverOpts: { type: "tmpfs", device: "tmpfs", o: "size=1m" },
    });
    expect(network.properties).toMatchObject({ labels, internal: true, driver: "bridge" });
    expect(volume.properties).toMatchObject({
      labels,
      driver: "local",
      driverOpts: { type: "tmpfs" },
    });
    for (const object of [network, volume]) {
      const imported = await read({ ...object, properties: {}, inputs: {} });
      expect(imported.inputs).toMatchObject({ labels, name: object.inputs.name });
      await remove(object);
      expect(await read(object)).toEqual({});
      await remove(object);
    }
  });

  it("give containers fixed addresses and read-only volumes", async () => {
    const network = await create(NETWORK, { ipamConfigs: [{ subnet: "10.213.78.0/24" }] });
    const volume = await create(VOLUME, {});
    const object = await container({
      networksAdvanced: [
        { name: network.inputs.name ?? "", aliases: ["db"], ipv4Address: "10.213.78.9" },
      ],
      volumes: [{ volumeName: volume.inputs.name ?? "", containerPath: "/data", readOnly: true }],
    });
    const info = await docker.getContainer(object.id).inspect();
    const endpoint = info.NetworkSettings.Networks[network.inputs.name as string];
    expect(endpoint?.IPAddress).toBe("10.213.78.9");
    expect(endpoint?.Aliases).toContain("db");
    expect(info.HostConfig.Binds).toEqual([`${volume.inputs.name as string}:/data:ro`]);
    expect(Object.keys(info.NetworkSettings.Networks)).toHaveLength(1);
  });

  it("wait for their last user to go", async () => {
    const volume = await create(VOLUME, {});
    const volumes = [{ volumeName: volume.inputs.name ?? "", containerPath: "/data" }];
    const user = await container({ volumes });
    const removal = remove(volume);
    setTimeout(() => void remove(user), 700);
    await removal;
    expect(await read(volume)).toEqual({});
  });
});

describe("images", () => {
  async function context(name: string, files: Record<string, string>): Promise<string> {
    const root = join(folder, name);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, ".."), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return root;
  }

  it("are built from the context without what .dockerignore names", async () => {
    const root = await context("ignore", {
      Dockerfile: `FROM ${IMAGE}\nARG WHO\nLABEL who=$WHO\nCOPY . /app\n`,
      ".dockerignore": "secret\nnode_modules\n!node_modules/kept\n",
      "app.txt": "app",
      secret: "secret",
      "node_modules/kept": "kept",
      "node_modules/dropped": "dropped",
    });
    const build = { context: root, buildArgs: { WHO: "me" }, labels: { extra: "1" } };
    const image = await create(REMOTE_IMAGE, { name: BUILT, build });
    const info = await docker.getImage(BUILT).inspect();
    expect(info.Config.Labels).toMatchObject({ who: "me", extra: "1" });
    expect(image.id).toBe(info.Id + BUILT);
    const object = await container({ image: info.Id });
    const files = (
      await run("docker", ["export", object.id], { encoding: "buffer", maxBuffer: 2 ** 26 })
    ).stdout;
    const list = await listTar(files);
    expect(list.filter((name) => name.startsWith("app/")).sort()).toEqual([
      "app/",
      "app/.dockerignore",
      "app/Dockerfile",
      "app/app.txt",
      "app/node_modules/",
      "app/node_modules/kept",
    ]);
  });

  it("are built from a Dockerfile outside of the context", async () => {
    const root = await context("outside", { "app/file": "content" });
    await writeFile(join(root, "Dockerfile"), `FROM ${IMAGE}\nCOPY file /file\n`);
    const build = { context: join(root, "app"), dockerfile: join(root, "Dockerfile") };
    const image = await create(REMOTE_IMAGE, { name: BUILT, build });
    expect((await read(image)).id).toBe(image.id);
  });

  it("say why they cannot be built", async () => {
    const root = await context("broken", { Dockerfile: `FROM ${IMAGE}\nRUN ["/usr/bin/false"]\n` });
    const build = create(REMOTE_IMAGE, { name: BUILT, build: { context: root } });
    await expect(build).rejects.toThrow(/Error running build: .*\/usr\/bin\/false/s);
    const missing = create(REMOTE_IMAGE, {
      name: BUILT,
      build: { context: join(root, "nowhere") },
    });
    await expect(missing).rejects.toThrow(/dockerfile not found at path: .*nowhere\/Dockerfile/);
  });

  it("stay if they are to be kept, and go otherwise", async () => {
    const root = await context("kept", { Dockerfile: `FROM ${IMAGE}\nLABEL a=b\n` });
    const kept = await create(REMOTE_IMAGE, {
      name: BUILT,
      keepLocally: true,
      build: { context: root },
    });
    await remove(kept);
    expect((await read(kept)).id).toBe(kept.id);
    const gone = { ...kept, properties: { ...kept.properties, keepLocally: false } };
    await remove(gone);
    expect(await read(gone)).toEqual({});
  });
});

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return { server, port: address.port };
}

async function freePort(): Promise<number> {
  const { server, port } = await listen();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listTar(archive: Buffer): Promise<string[]> {
  const path = join(folder, "export.tar");
  await writeFile(path, archive);
  return (await run("tar", ["-tf", path])).stdout.trim().split("\n");
}
