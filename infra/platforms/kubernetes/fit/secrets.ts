import type { Secret } from "../../../../components/platform/kubernetes/objects.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

interface Wanted {
  readonly setting: string;
  readonly name: string;
  readonly types: readonly string[];
  /** Of `kubectl create secret`. */
  readonly make: string;
  /** Who makes it later, if it is not there. */
  readonly maker?: string | undefined;
}

/** Secrets that the settings name and somebody else makes. */
export async function secretFindings(asked: Asked): Promise<Findings> {
  const found = await Promise.all(wantedIn(asked).map((wanted) => secretProblem(asked, wanted)));
  return {
    problems: found.flatMap(({ problem = [] }) => problem),
    warnings: found.flatMap(({ warning = [] }) => warning),
  };
}

function wantedIn({ settings: { images, gateway } }: Asked): Wanted[] {
  const { tlsSecret, annotations = {} } = gateway.ingress ?? {};
  // By its annotations on the Ingress, cert-manager makes the Secret that this names.
  const maker = Object.keys(annotations).find(
    (name) => name.startsWith("cert-manager.io/") || name === "kubernetes.io/tls-acme",
  );
  return [
    ...(images.pullSecret === undefined
      ? []
      : [
          {
            setting: at("images.pullSecret"),
            name: images.pullSecret,
            types: ["kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"],
            make: "docker-registry",
          },
        ]),
    ...(tlsSecret === undefined
      ? []
      : [
          {
            setting: at("gateway.ingress.tlsSecret"),
            ...{ name: tlsSecret, types: ["kubernetes.io/tls"], make: "tls", maker },
          },
        ]),
  ];
}

async function secretProblem(
  { client }: Asked,
  { setting, name, types, make, maker }: Wanted,
): Promise<{ readonly problem?: string; readonly warning?: string }> {
  const { namespace } = client;
  // Who may not read Secrets is told so as a missing permission.
  const secret = await seen(
    client.api
      .find<Secret & { readonly type?: string }>(client.path("v1", "secrets", name))
      .then((answer) => ({ answer })),
  );
  if (secret === undefined) return {};
  const command = `kubectl create secret ${make} ${name} --namespace ${namespace}`;
  const { answer } = secret;
  if (answer !== undefined) {
    const { type = "Opaque" } = answer;
    return types.includes(type)
      ? {}
      : {
          problem: `${setting}: got ${name}, a Secret of type ${type}; it has to be ${types.join(" or ")}; make it anew: ${command} ...`,
        };
  }
  const missing = `${setting}: got ${name}; namespace ${namespace} has no such Secret`;
  if (maker !== undefined) return { warning: `${missing} yet; it has to come by ${maker}` };
  const there = await seen(client.api.find(`/api/v1/namespaces/${namespace}`));
  const first = there === undefined ? `kubectl create namespace ${namespace}; ` : "";
  return { problem: `${missing}; make it: ${first}${command} ...` };
}
