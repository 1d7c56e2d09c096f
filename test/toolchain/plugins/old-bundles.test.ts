import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { removeOldBundles } from "../../../toolchain/plugins/old-bundles.ts";

let cache: string;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "mcp-fleet-bundles-"));
});
afterEach(() => rm(cache, { recursive: true, force: true }));

async function bundles(name: string, hoursOld: number): Promise<string> {
  const folder = join(cache, name);
  await mkdir(folder);
  await writeFile(join(folder, "docker.cjs"), "");
  const then = new Date(Date.now() - hoursOld * 3_600_000);
  await utimes(folder, then, then);
  return folder;
}

it("removes bundles of earlier sources, and nothing that may be in use or is something else", async () => {
  const current = await bundles("0123456789abcdef", 48);
  await bundles("1111111111111111", 48);
  await bundles("2222222222222222", 0.5);
  await bundles(".half-of-a-killed-run", 48);
  await bundles("bin", 48);
  await bundles("path-resource-docker", 48);
  await removeOldBundles(cache, current);
  expect((await readdir(cache)).sort()).toEqual([
    "0123456789abcdef",
    "2222222222222222",
    "bin",
    "path-resource-docker",
  ]);
});
