import { afterAll, beforeAll, expect, it } from "vitest";
import { prepare } from "../../toolchain/index.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "./run-fleet.ts";

/** Images for the nodes of a cluster that cannot be built or pushed: said with what to do, before anything is built. */

let sandbox: Sandbox;
const stack = randomStack("images");

beforeAll(async () => {
  const { env } = await prepare({ log: () => undefined, needs: new Set(["docker", "images"]) });
  Object.assign(process.env, env);
  sandbox = makeSandbox();
});
afterAll(() => sandbox.remove());

function images(settings: string, ...args: readonly string[]) {
  const fleet =
    "config:\n  mcp-fleet:fleet: fleets/writing.yaml\n  mcp-fleet:platform: kubernetes\n";
  sandbox.writeStackFile(stack, fleet + settings);
  return runFleet(["images", "--stack", stack, ...args], sandbox.env);
}

it("need a base image that this engine can get", async () => {
  const base = "127.0.0.1:1/nobody:0";
  const { code, stdout, stderr } = await images(`  mcp-fleet:baseImage: ${base}\n`);
  const [pulling, failed, ...rest] = stderr.trimEnd().split("\n");
  expect(pulling).toBe(`pulling ${base}`);
  expect(failed).toMatch(/^docker pull 127\.0\.0\.1:1\/nobody:0 failed \(exit 1\)/);
  expect(rest.slice(0, -1).join("\n")).toContain("connection refused");
  expect(rest.at(-1)).toMatch(
    /^base image 127\.0\.0\.1:1\/nobody:0: let this engine reach its registry or a mirror, or name another one for this stack, for everybody who works with it, in mcp-fleet:baseImage; this engine has \S+$/,
  );
  expect(stderr).not.toMatch(/^ +at /m);
  expect(stdout).toBe("");
  expect(code).toBe(1);
});

it("are pushed to a registry that is named", async () => {
  const { code, stdout, stderr } = await images("", "--push");
  expect(stderr.trimEnd()).toBe(
    `mcp-fleet:kubernetes.images.registry: nothing given; name the registry that the nodes of stack ${stack} pull from`,
  );
  expect(stdout).toBe("");
  expect(code).toBe(1);
});
