import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { prepareContexts } from "../../infra/image-contexts.ts";

const project = fileURLToPath(new URL("../..", import.meta.url));
let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mcp-fleet-contexts-"));
  cpSync(join(project, "servers"), join(root, "servers"), { recursive: true });
  cpSync(join(project, "images"), join(root, "images"), { recursive: true });
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const serverContext = async () => join(root, (await prepareContexts(root))("mcp-server"));
const made = (context: string) => statSync(join(context, "server.mjs")).mtimeMs;

it("bundles the server once for the same sources", async () => {
  const first = await serverContext();
  const files = ["Dockerfile", "health.sh", "migrate.mjs", "server.mjs"];
  expect(readdirSync(first).sort()).toEqual(files);
  const time = made(first);
  expect(await serverContext()).toBe(first);
  expect(made(first)).toBe(time);
});

it("bundles it again when the context is gone, and when a source has changed", async () => {
  const first = await serverContext();
  rmSync(first, { recursive: true });
  expect(await serverContext()).toBe(first);
  expect(existsSync(join(first, "server.mjs"))).toBe(true);
  appendFileSync(join(root, "images", "mcp-server", "Dockerfile"), "# changed\n");
  expect(await serverContext()).not.toBe(first);
});

it("takes the other images from their folders", async () => {
  expect((await prepareContexts(root))("postgres")).toBe(join("images", "postgres"));
});
