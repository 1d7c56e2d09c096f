import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

describe("a stack of a name that another stack has or had", () => {
  const stack = randomStack("again");
  /** State, keys and copies of settings that all of them share. */
  const withPassphrase = async (backend: string, PULUMI_CONFIG_PASSPHRASE: string) => {
    const PULUMI_BACKEND_URL = `file://${join(sandbox.dir, backend)}`;
    mkdirSync(join(sandbox.dir, backend), { recursive: true });
    const { code, stderr } = await preview(stack, { PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE });
    return { code, passphrase: /[^\n]*passphrase[^\n]*/.exec(stderr)?.[0] };
  };
  const well = { code: 0, passphrase: undefined };

  it("has a key of its own beside one of another backend", async () => {
    sandbox.writeStackFile(stack, settings);
    expect(await withPassphrase("here", "one")).toEqual(well);
    expect(await withPassphrase("there", "another")).toEqual(well);
    expect(await withPassphrase("here", "one")).toEqual(well);
    expect(await withPassphrase("here", "another")).toMatchObject({ code: 1 });
  });

  it("does not keep the salt that is left of one whose state is gone", async () => {
    rmSync(join(sandbox.dir, "here"), { recursive: true });
    expect(await withPassphrase("here", "a third")).toEqual(well);
  });
});
