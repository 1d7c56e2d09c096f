import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import {
  certificateSpecs,
  makeCertificates,
  opensslArguments,
} from "../../../toolchain/kubernetes/certificates.ts";
import { readCredentials, writeKubeconfigs } from "../../../toolchain/kubernetes/kubeconfig.ts";
import { layoutOf } from "../../../toolchain/kubernetes/layout.ts";

const layout = layoutOf("/cluster", 207);

test("users and groups are those that the API server gives rights to", () => {
  const clients = certificateSpecs(layout).filter(({ usage }) => usage === "clientAuth");
  expect(clients.map(({ commonName, organization }) => [commonName, organization])).toEqual([
    ["admin", "system:masters"],
    ["kube-apiserver-kubelet-client", "system:masters"],
    ["system:kube-controller-manager", undefined],
    ["system:kube-scheduler", undefined],
    ["system:kube-proxy", undefined],
    ["system:node:node-1", "system:nodes"],
    ["fleet:metrics-server", undefined],
    ["fleet:local-path-provisioner", undefined],
    ["fleet:network-policies", undefined],
    ["front-proxy", undefined],
  ]);
});

test("a certificate is one call of openssl, with the names of servers only", () => {
  const [apiserver] = certificateSpecs(layout);
  if (apiserver === undefined) throw new Error("no certificates");
  const args = opensslArguments(apiserver);
  expect(args).toContain("extendedKeyUsage=serverAuth");
  expect(args.find((arg) => arg.startsWith("subjectAltName="))).toBe(
    "subjectAltName=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc," +
      "DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:10.207.0.2,IP:10.207.2.1,IP:127.0.0.1",
  );
});

test("what openssl makes is trusted, is for its purpose, and is in the configurations", async () => {
  const dir = await mkdtemp(join(tmpdir(), "fleet-pki-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "config"));
  const here = layoutOf(dir, 207);
  await makeCertificates(here);
  await writeKubeconfigs(here);
  const pki = join(dir, "pki");
  for (const { name, signer, usage } of certificateSpecs(here)) {
    const purpose = usage === "clientAuth" ? "sslclient" : "sslserver";
    const args = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", `${signer}.crt`];
    expect(execFileSync("openssl", [...args, `${name}.crt`], { cwd: pki }).toString()).toBe(
      `${name}.crt: OK\n`,
    );
  }
  const server = new X509Certificate(await readFile(join(pki, "apiserver.crt")));
  expect(server.checkIP(here.nodeAddress)).toBe(here.nodeAddress);
  const config = parse(await readFile(here.kubeconfig, "utf8")) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const admin = await readCredentials(dir, "admin");
  expect(config.clusters[0]?.cluster["server"]).toBe("https://10.207.0.2:6443");
  const key = Buffer.from(config.users[0]?.user["client-key-data"] ?? "", "base64").toString();
  expect(key).toBe(admin.key);
  expect((await stat(here.kubeconfig)).mode & 0o777).toBe(0o600);
  expect((await stat(pki)).mode & 0o777).toBe(0o700);
});
