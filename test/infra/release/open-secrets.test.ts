import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { StackExport } from "../../../infra/release/deployment.ts";
import { exportOpen } from "../../../infra/release/export-state.ts";
import { openSecrets } from "../../../infra/release/open-secrets.ts";
import { scratchFolder } from "./scratch.ts";

const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const passphrase = "correct horse";
const salt = randomBytes(8);
const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");

function encrypted(text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const content = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${content.toString("base64")}`;
}

function state(over: { readonly provider?: object; readonly secret?: object } = {}): StackExport {
  const provider = {
    type: "passphrase",
    state: { salt: `v1:${salt.toString("base64")}:${encrypted("pulumi")}` },
  };
  const inputs = { list: [1, { deep: { ...mark, ...over.secret } }], plain: "v1:a:b" };
  return {
    version: 3,
    deployment: {
      secrets_providers: over.provider ?? provider,
      resources: [{ urn: "urn:pulumi:s::p::t::a", type: "t", inputs }],
    },
  };
}

const secret = '{"password":"s3cret, ü"}';
const closed = state({ secret: { ciphertext: encrypted(secret) } });
const inputsOf = (found: StackExport | undefined): unknown =>
  found?.deployment?.resources?.[0]?.inputs;
const open = { list: [1, { deep: { ...mark, plaintext: secret } }], plain: "v1:a:b" };

describe("a state encrypted with a passphrase", () => {
  it("is opened with the passphrase of the environment; all else stays as it was", async () => {
    const found = await openSecrets(closed, { PULUMI_CONFIG_PASSPHRASE: passphrase });
    expect(inputsOf(found)).toEqual(open);
    expect(found?.deployment?.secrets_providers).toEqual(closed.deployment?.secrets_providers);
  });

  it("is opened with that of a file, without white space around it, unless the variable is set", async () => {
    const file = join(scratchFolder(), "passphrase");
    const env = { PULUMI_CONFIG_PASSPHRASE_FILE: file };
    writeFileSync(file, `${passphrase}\n`);
    expect(inputsOf(await openSecrets(closed, env))).toEqual(open);
    writeFileSync(file, "of another stack");
    const both = { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase };
    expect(inputsOf(await openSecrets(closed, both))).toEqual(open);
  });

  it.each([
    ["another passphrase", closed, { PULUMI_CONFIG_PASSPHRASE: "wrong" }],
    ["none", closed, {}],
    ["a file that is not there", closed, { PULUMI_CONFIG_PASSPHRASE_FILE: "/nonexistent/file" }],
    [
      "another provider",
      state({ provider: { type: "cloud", state: { url: "awskms://x" } } }),
      { PULUMI_CONFIG_PASSPHRASE: passphrase },
    ],
    [
      "a value that was changed",
      state({ secret: { ciphertext: encrypted(secret).replace(/.{4}$/, "AAAA") } }),
      { PULUMI_CONFIG_PASSPHRASE: passphrase },
    ],
    [
      "a form that is not known",
      state({ secret: { ciphertext: "v2:a:b" } }),
      { PULUMI_CONFIG_PASSPHRASE: passphrase },
    ],
  ])("is left to the CLI with %s", async (_, found, env) => {
    expect(await openSecrets(found, env)).toBeUndefined();
  });
});

describe("an export with open secrets", () => {
  const exported = async (env: NodeJS.ProcessEnv) => {
    const commands: string[] = [];
    const run = (command: readonly string[]): Promise<string> => {
      commands.push(command.join(" "));
      const shown = state({ secret: { plaintext: "by the CLI" } });
      return Promise.resolve(JSON.stringify(command.includes("--show-secrets") ? shown : closed));
    };
    return { found: await exportOpen(run, env), commands };
  };

  it("asks the CLI once where they can be opened here", async () => {
    const { found, commands } = await exported({ PULUMI_CONFIG_PASSPHRASE: passphrase });
    expect(inputsOf(found)).toEqual(open);
    expect(commands).toEqual(["stack export"]);
  });

  it("has the CLI open them where not", async () => {
    const { found, commands } = await exported({});
    expect(JSON.stringify(inputsOf(found))).toContain("by the CLI");
    expect(commands).toEqual(["stack export", "stack export --show-secrets"]);
  });
});
