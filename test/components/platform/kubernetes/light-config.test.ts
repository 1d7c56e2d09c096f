import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Agent, RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { LightConfig } from "../../../../components/platform/kubernetes/light-config.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const https = { server: "https://one:6443", "certificate-authority-data": base64("ca") };

/** A kubeconfig with one context, and files beside it. */
function written(cluster: object, user: object, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mcp-fleet-light-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "pki"));
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), text, { mode: 0o700 });
  const file = join(folder, "config");
  const content = {
    "current-context": "here",
    clusters: [{ name: "one", cluster }],
    users: [{ name: "me", user }],
    contexts: [{ name: "here", context: { cluster: "one", user: "me" } }],
  };
  writeFileSync(file, stringify(content));
  return { file, folder };
}

/** What a configuration adds to a request, as far as it decides who is asked and by whom. */
async function applied(config: { applyToHTTPSOptions(o: RequestOptions): Promise<void> }) {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  const { options: tls } = options.agent as Agent;
  return {
    ...{ ca, cert, key, servername, rejectUnauthorized, headers: options.headers },
    agent: { ca: tls.ca, cert: tls.cert, key: tls.key, servername: tls.servername },
  };
}

const script = (credential: object) =>
  `#!/bin/sh\necho '${JSON.stringify({ status: credential })}'\n`;

describe("every common way to log in is as the library's own", () => {
  it.each<[string, object, object, Readonly<Record<string, string>>]>([
    [
      "certificates in the file",
      https,
      { "client-certificate-data": base64("cert"), "client-key-data": base64("key") },
      {},
    ],
    [
      "certificates beside the file",
      { server: "https://one:6443", "certificate-authority": "pki/ca.crt" },
      { "client-certificate": "pki/me.crt", "client-key": "pki/me.key" },
      { "pki/ca.crt": "ca", "pki/me.crt": "cert", "pki/me.key": "key" },
    ],
    ["a token", https, { token: "t0ken" }, {}],
    ["a token for somebody else", https, { token: "t0ken", as: "other" }, {}],
    ["another server name", { ...https, "tls-server-name": "api" }, { token: "t0ken" }, {}],
    [
      "no look at the certificate",
      { server: "https://one:6443", "insecure-skip-tls-verify": true },
      { token: "t0ken" },
      {},
    ],
  ])("%s", async (_, cluster, user, files) => {
    const { file } = written(cluster, user, files);
    const light = await LightConfig.read(file);
    expect(light.suffices).toBe(true);
    const library = new KubeConfig();
    library.loadFromFile(file);
    expect(await applied(light)).toEqual(await applied(library));
  });

  it("a plugin that is run", async () => {
    const { file, folder } = written(https, {}, { login: script({ token: "fresh" }) });
    writeFileSync(
      file,
      stringify({
        "current-context": "here",
        clusters: [{ name: "one", cluster: https }],
        users: [{ name: "me", user: { exec: { command: join(folder, "login"), args: [] } } }],
        contexts: [{ name: "here", context: { cluster: "one", user: "me" } }],
      }),
    );
    const light = await LightConfig.read(file);
    expect(light.suffices).toBe(true);
    expect((await applied(light)).headers).toMatchObject({ Authorization: "Bearer fresh" });
  });
});

describe("what only the library knows is left to it", () => {
  it.each<[string, object, object]>([
    ["a proxy", { ...https, "proxy-url": "http://proxy:3128" }, { token: "t" }],
    ["a provider of old", https, { "auth-provider": { name: "oidc" } }],
    ["a password", https, { username: "me", password: "secret" }],
    ["a token without encryption", { server: "http://one" }, { token: "t" }],
  ])("%s", async (_, cluster, user) => {
    expect((await LightConfig.read(written(cluster, user).file)).suffices).toBe(false);
  });
});
