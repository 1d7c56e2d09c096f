import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Layout } from "./layout.ts";

/** Certificates of a user, as text. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** A configuration that holds everything itself, so that it can be copied. */
function renderKubeconfig(server: string, user: string, credentials: Credentials): string {
  const data = (text: string): string => Buffer.from(text).toString("base64");
  const name = "mcp-fleet-test";
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": data(credentials.ca) } }],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": data(credentials.certificate),
          "client-key-data": data(credentials.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    "current-context": name,
  });
}

/** Reads the certificates of a user from `DIR/pki`. */
export async function readCredentials(dir: string, name: string): Promise<Credentials> {
  const read = (file: string): Promise<string> => readFile(join(dir, "pki", file), "utf8");
  const [ca, certificate, key] = await Promise.all([
    read("ca.crt"),
    read(`${name}.crt`),
    read(`${name}.key`),
  ]);
  return { ca, certificate, key };
}

/** Users with a configuration of their own in `DIR/config/NAME.kubeconfig`. */
const COMPONENTS = [
  "controller-manager",
  "scheduler",
  "proxy",
  "kubelet",
  "metrics-client",
  "provisioner",
  "policies",
] as const;

/** Writes the configuration of every component, and the administrator's to `DIR/kubeconfig`, mode 0600. */
export async function writeKubeconfigs(layout: Layout): Promise<void> {
  const write = async (user: string, file: string): Promise<void> => {
    const text = renderKubeconfig(layout.apiUrl, user, await readCredentials(layout.dir, user));
    await writeFile(file, text, { mode: 0o600 });
  };
  await Promise.all([
    write("admin", layout.kubeconfig),
    ...COMPONENTS.map((name) => write(name, join(layout.dir, "config", `${name}.kubeconfig`))),
  ]);
}
