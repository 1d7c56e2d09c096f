import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PluginOnEngine, REMOTE_IMAGE } from "./plugin-on-engine.ts";

const run = promisify(execFile);
const BUILT = "mcp-fleet-test/images-built:1";
const plugin = new PluginOnEngine("images");
const { docker, image: IMAGE } = plugin;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "images-"));
});

afterAll(async () => {
  await plugin.removeImage(BUILT);
  await rm(folder, { recursive: true, force: true });
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
    const image = await plugin.create(REMOTE_IMAGE, { name: BUILT, build });
    const info = await docker.getImage(BUILT).inspect();
    expect(info.Config.Labels).toMatchObject({ who: "me", extra: "1" });
    expect(image.id).toBe(info.Id + BUILT);
    const object = await plugin.container({ image: info.Id });
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
    const image = await plugin.create(REMOTE_IMAGE, { name: BUILT, build });
    expect((await plugin.read(image)).id).toBe(image.id);
  });

  it("say why they cannot be built", async () => {
    const root = await context("broken", { Dockerfile: `FROM ${IMAGE}\nRUN ["/usr/bin/false"]\n` });
    const build = plugin.create(REMOTE_IMAGE, { name: BUILT, build: { context: root } });
    await expect(build).rejects.toThrow(/Error running build: .*\/usr\/bin\/false/s);
    const missing = plugin.create(REMOTE_IMAGE, {
      name: BUILT,
      build: { context: join(root, "nowhere") },
    });
    await expect(missing).rejects.toThrow(/dockerfile not found at path: .*nowhere\/Dockerfile/);
  });

  it("stay if they are to be kept, and go otherwise", async () => {
    const root = await context("kept", { Dockerfile: `FROM ${IMAGE}\nLABEL a=b\n` });
    const kept = await plugin.create(REMOTE_IMAGE, {
      name: BUILT,
      keepLocally: true,
      build: { context: root },
    });
    await plugin.remove(kept);
    expect((await plugin.read(kept)).id).toBe(kept.id);
    const gone = { ...kept, properties: { ...kept.properties, keepLocally: false } };
    await plugin.remove(gone);
    expect(await plugin.read(gone)).toEqual({});
  });
});

async function listTar(archive: Buffer): Promise<string[]> {
  const path = join(folder, "export.tar");
  await writeFile(path, archive);
  return (await run("tar", ["-tf", path])).stdout.trim().split("\n");
}
