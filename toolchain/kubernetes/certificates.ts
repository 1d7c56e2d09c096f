import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../exec.ts";
import { CLUSTER_DOMAIN, type Layout, NODE_NAME } from "./layout.ts";

const DAYS = 365;
const OPENSSL_MS = 30_000;

/** One certificate: who it is for, who signs it and what it is good for. */
export interface CertificateSpec {
  /** Files are `NAME.crt` and `NAME.key`. */
  readonly name: string;
  readonly signer: "ca" | "front-proxy-ca";
  readonly commonName: string;
  /** Group of the user that a client certificate stands for. */
  readonly organization?: string;
  readonly usage: "clientAuth" | "serverAuth";
  /** Names and addresses of a server, as openssl writes them. */
  readonly alternatives?: readonly string[];
}

/** Every certificate of the cluster; the API server takes users and groups from those of clients. */
export function certificateSpecs(layout: Layout): readonly CertificateSpec[] {
  const client = (name: string, commonName: string, organization?: string): CertificateSpec => ({
    name,
    signer: "ca",
    commonName,
    ...(organization === undefined ? {} : { organization }),
    usage: "clientAuth",
  });
  const server = (name: string, commonName: string, names: readonly string[]): CertificateSpec => ({
    name,
    signer: "ca",
    commonName,
    usage: "serverAuth",
    alternatives: names,
  });
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return [
    server("apiserver", "kube-apiserver", [
      ...[...service, `kubernetes.default.svc.${CLUSTER_DOMAIN}`, "localhost"].map(dns),
      ...[layout.nodeAddress, layout.apiService, "127.0.0.1"].map(ip),
    ]),
    server("kubelet-server", NODE_NAME, [dns(NODE_NAME), ip(layout.nodeAddress)]),
    server("metrics-server", "metrics-server", [dns("metrics-server.kube-system.svc")]),
    client("admin", "admin", "system:masters"),
    client("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
    client("controller-manager", "system:kube-controller-manager"),
    client("scheduler", "system:kube-scheduler"),
    client("proxy", "system:kube-proxy"),
    client("kubelet", `system:node:${NODE_NAME}`, "system:nodes"),
    client("metrics-client", "fleet:metrics-server"),
    client("provisioner", "fleet:local-path-provisioner"),
    client("policies", "fleet:network-policies"),
    { ...client("front-proxy", "front-proxy"), signer: "front-proxy-ca" },
  ];
}

function dns(name: string): string {
  return `DNS:${name}`;
}

function ip(address: string): string {
  return `IP:${address}`;
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];

/** Arguments of the one `openssl` call that makes a certificate and its key, inside the directory of both. */
export function opensslArguments(spec: CertificateSpec): readonly string[] {
  const group = spec.organization === undefined ? "" : `/O=${spec.organization}`;
  const names = spec.alternatives ?? [];
  return [
    ...["req", "-x509", ...KEY, "-days", String(DAYS), "-subj", `${group}/CN=${spec.commonName}`],
    ...["-CA", `${spec.signer}.crt`, "-CAkey", `${spec.signer}.key`],
    ...["-keyout", `${spec.name}.key`, "-out", `${spec.name}.crt`],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", `extendedKeyUsage=${spec.usage}`],
    ...(names.length === 0 ? [] : ["-addext", `subjectAltName=${names.join(",")}`]),
  ];
}

/** Arguments that make an authority which signs itself. */
function authorityArguments(name: string): readonly string[] {
  return [
    ...["req", "-x509", ...KEY, "-days", String(DAYS), "-subj", `/CN=mcp-fleet ${name}`],
    ...["-keyout", `${name}.key`, "-out", `${name}.crt`],
    ...["-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign,digitalSignature"],
  ];
}

/** Makes the authorities, all certificates and the key of service account tokens in `DIR/pki`, mode 0700. */
export async function makeCertificates(layout: Layout): Promise<void> {
  const pki = join(layout.dir, "pki");
  await mkdir(pki, { recursive: true });
  await chmod(pki, 0o700);
  // Without a configuration file there are no extensions but ours.
  const config = join(pki, "openssl.cnf");
  await writeFile(config, "[req]\ndistinguished_name = subject\n[subject]\n");
  const openssl = (args: readonly string[]): Promise<unknown> =>
    exec("openssl", args, {
      timeoutMs: OPENSSL_MS,
      cwd: pki,
      env: { ...process.env, OPENSSL_CONF: config },
    });
  const tokenKey = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
  await Promise.all([
    openssl(authorityArguments("ca")),
    openssl(authorityArguments("front-proxy-ca")),
    openssl([...tokenKey, "-out", "tokens.key"]),
  ]);
  await Promise.all(certificateSpecs(layout).map((spec) => openssl(opensslArguments(spec))));
}
