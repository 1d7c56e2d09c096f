import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { freePortSettings } from "../../bench/free-port-settings.ts";
import { prepare } from "../../toolchain/index.ts";
import { openKeyServer, type KeyServer } from "../key-server.ts";
import { makeSandbox, randomStack, runFleet, type Sandbox } from "./run-fleet.ts";

/** The first command on a stack that does not exist yet: where its key comes from, and what is left in its file. */

let sandbox: Sandbox;
let keys: KeyServer;
let ports: readonly string[];

beforeAll(async () => {
  const { env } = await prepare({
    log: () => undefined,
    needs: new Set(["pulumi", "docker", "images"]),
  });
  Object.assign(process.env, env);
  sandbox = makeSandbox();
  keys = await openKeyServer();
  ports = Object.entries(await freePortSettings()).map(([path, port]) => `--set=${path}=${port}`);
});
afterAll(() => {
  keys.close();
  sandbox.remove();
});

const settings = "config:\n  mcp-fleet:fleet: fleets/writing.yaml\n";
const preview = (stack: string, env: NodeJS.ProcessEnv = {}) =>
  runFleet(["preview", "--json", "--stack", stack, ...ports], { ...sandbox.env, ...env });
const stateOf = (stack: string): unknown =>
  JSON.parse(
    readFileSync(join(sandbox.dir, "state/.pulumi/stacks/mcp-fleet", `${stack}.json`), "utf8"),
  );

describe("a stack whose file names a key service", () => {
  const stack = randomStack("keyed");

  it("is refused in one message while the service does not answer, and is not made", async () => {
    sandbox.writeStackFile(stack, `secretsprovider: ${keys.provider}\n${settings}`);
    const nobody = { ...keys.env, VAULT_SERVER_URL: "http://127.0.0.1:1" };
    const { code, stdout, stderr } = await preview(stack, nobody);
    expect(stderr.trimEnd()).toBe(
      `key service: the one of stack ${stack} (secretsprovider in Pulumi.${stack}.yaml) does not open its secrets: ` +
        'Put "http://127.0.0.1:1/v1/transit/encrypt/release-test": dial tcp 127.0.0.1:1: connect: connection refused; ' +
        "check its address and your login there, and that you may use the key",
    );
    expect(stdout).toBe("");
    expect(code).toBe(1);
    expect(() => stateOf(stack)).toThrow("ENOENT");
  });

  it("is made with its key, and asks for no passphrase", async () => {
    const path = sandbox.writeStackFile(stack, `secretsprovider: ${keys.provider}\n${settings}`);
    const { code, stderr } = await preview(stack, keys.env);
    expect(stderr).not.toMatch(/passphrase/);
    expect(code).toBe(0);
    expect(stateOf(stack)).toMatchObject({
      checkpoint: { latest: { secrets_providers: { type: "cloud" } } },
    });
    expect(readdirSync(join(sandbox.dir, "home"))).not.toContain(".config");
    // For the team: whoever has the file and may ask the service can open the stack.
    const { encryptedkey, ...others } = parse(readFileSync(path, "utf8")) as {
      readonly encryptedkey?: string;
    };
    expect(encryptedkey).toMatch(/^[A-Za-z0-9+/=]+$/);
    expect(others).toEqual({ secretsprovider: keys.provider, ...(parse(settings) as object) });
  });
});

describe("a stack of a name that another stack had", () => {
  it("does not keep the salt that is left of it", async () => {
    const stack = randomStack("again");
    sandbox.writeStackFile(stack, settings);
    const kept = join(sandbox.dir, "home/.config/mcp-fleet/stacks");
    mkdirSync(kept, { recursive: true });
    // Of the passphrase "another".
    const salt = "v1:I5U1rP77S4s=:v1:BNKYz8sqTflKly7q:8kW9Grx6sx7rGBS6SdvIwEFrF7yAbw==";
    writeFileSync(join(kept, `Pulumi.${stack}.yaml`), `encryptionsalt: ${salt}\n${settings}`);
    const { code, stderr } = await preview(stack, { PULUMI_CONFIG_PASSPHRASE: "one" });
    expect(stderr).not.toMatch(/passphrase/);
    expect(code).toBe(0);
  });
});
