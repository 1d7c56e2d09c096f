import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePluginExecutables } from "../../../toolchain/plugins/install.ts";

const PLUGINS = [
  "pulumi-language-nodejs",
  "pulumi-resource-docker",
  "pulumi-resource-kubernetes",
  "pulumi-resource-pulumi-nodejs",
  "pulumi-resource-random",
];

let bin = "";

beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), "plugins-"));
  // Two at once: each must end with all plugins, whoever of them bundles.
  await Promise.all([writePluginExecutables(bin), writePluginExecutables(bin)]);
}, 60_000);

afterAll(() => rm(bin, { recursive: true, force: true }));

describe("installed plugins", () => {
  it("are all there, and nothing else", async () => {
    expect((await readdir(bin)).sort()).toEqual(PLUGINS);
  });

  it("run bundles, not sources", async () => {
    for (const plugin of PLUGINS) {
      const script = await readFile(join(bin, plugin), "utf8");
      expect(script).toMatch(
        /^#!\/bin\/sh\nexec '.*node' .* '.*\/\.toolchain\/plugins\/[0-9a-f]{16}\/.*\.cjs' "\$@"\n$/,
      );
    }
  });

  it.each(PLUGINS)("%s prints a port and ends when the engine says so", async (plugin) => {
    const child = spawn(join(bin, plugin), ["127.0.0.1:1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const [output] = (await once(child.stdout, "data")) as [Buffer];
    expect(output.toString()).toMatch(/^\d+\n$/);
    child.kill("SIGINT");
    await ended;
    expect(child.exitCode ?? child.signalCode).not.toBe(1);
  });
});
