import { z } from "zod";
import type { AlertmanagerSpec } from "../../components/monitoring/alertmanager.schema.ts";
import { receiversWithSecret, secretProblem } from "../../components/monitoring/receivers.ts";
import type { Finding, Problem } from "./problems.ts";
import { looksSecret } from "./redact.ts";
import { didYouMean } from "./suggest.ts";

const secretsSchema = z.record(z.string(), z.string());
const path = "mcp-fleet:receivers";
const namedPath = "mcp-fleet:kubernetes.secrets.receivers";

/**
 * Problems of the secret stack setting `mcp-fleet:receivers`: `{"<receiver>": "<address, key or password>"}`. No
 * secret appears in them.
 *
 * @param json the setting's text; undefined: it is not set.
 * @param named secrets that Secrets of a cluster have; undefined: named, and not known here.
 */
export function checkReceivers(
  json: string | undefined,
  spec: AlertmanagerSpec,
  named: Readonly<Record<string, string | undefined>> = {},
): Problem[] {
  const needed = receiversWithSecret(spec);
  const parsed = secretsSchema.safeParse(json === undefined ? {} : parseJson(json));
  if (!parsed.success) {
    return [{ path, allowed: 'JSON of the form {"<receiver>": "<address, key or password>"}' }];
  }
  const secrets = parsed.data;
  const missing = needed
    .filter(({ name }) => secrets[name] === undefined && !(name in named))
    .map(({ name, kind }) => ({
      path: `${path}.${name}`,
      allowed: `missing; the ${kind} receiver ${name} cannot tell anybody without its secret`,
      fix: `store all of them with: pulumi config set --secret ${path} '{"${name}": "..."}'`,
    }));
  const twice = Object.keys(named)
    .filter((name) => secrets[name] !== undefined)
    .map((name) => ({
      path: `${namedPath}.${name}`,
      allowed: `${path} has a secret for it, too`,
      fix: "remove one of the two",
    }));
  const all = [
    ...Object.entries(secrets).map((entry) => [path, ...entry] as const),
    ...Object.entries(named).map((entry) => [namedPath, ...entry] as const),
  ];
  const wrong = all.flatMap(([source, name, secret]): Problem[] => {
    const at = `${source}.${looksSecret(name) ? "(name not shown)" : name}`;
    const receiver = needed.find((candidate) => candidate.name === name);
    if (!receiver) {
      const fix = didYouMean(
        name,
        needed.map((candidate) => candidate.name),
      );
      return [{ path: at, allowed: "no receiver with a secret has this name", fix }];
    }
    if (secret === undefined) return [];
    const allowed = secretProblem(receiver.kind, secret);
    return allowed === undefined ? [] : [{ path: at, got: "a value that is not shown", allowed }];
  });
  return [...missing, ...twice, ...wrong];
}

/** Receivers that cannot tell anybody, where the stack has no secrets of receivers at all. */
export function missingReceiverSecrets(spec: AlertmanagerSpec): Finding[] {
  const needed = receiversWithSecret(spec);
  const all = JSON.stringify(Object.fromEntries(needed.map(({ name }) => [name, "..."])));
  return needed.map((receiver) => ({
    at: ["monitoring", "alertmanager", "receivers", spec.receivers.indexOf(receiver)],
    got: `${receiver.kind} ${receiver.name}`,
    allowed: "a receiver whose secret the stack has: without it, nobody is told",
    fix: `pulumi config set --secret ${path} '${all}'`,
  }));
}

/** What the operator should know of a fleet whose alerts reach nobody; undefined if they reach somebody. */
export function silentAlerts({ receivers }: AlertmanagerSpec): string | undefined {
  return receivers.length > 0
    ? undefined
    : "alerts show on the consoles only: monitoring.alertmanager.receivers is empty";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
