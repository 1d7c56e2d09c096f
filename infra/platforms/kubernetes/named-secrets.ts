import { KubernetesApiError } from "../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type {
  KubernetesSettings,
  SecretValue,
} from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import type { NamedSecrets } from "../../named-secrets.ts";

type Content = Readonly<Record<string, string>>;

/**
 * Values of Secrets in the stack's namespace. A line break at the end, as files have one, is no part of a value.
 *
 * @returns what could be read, and every Secret, key and right that is missing; no value appears in that.
 */
export async function readNamedSecrets(
  client: KubernetesClient,
  { databasePassword, tokens, receivers }: KubernetesSettings["secrets"],
): Promise<{ readonly secrets: NamedSecrets; readonly problems: readonly string[] }> {
  const { namespace } = client;
  const problems: string[] = [];
  const wanted = [
    databasePassword,
    ...Object.values(receivers),
    ...Object.values(tokens).flatMap(({ primary, backup }) => [primary, backup]),
  ].flatMap((value) => value?.name ?? []);
  const contents = new Map(
    await Promise.all(
      [...new Set(wanted)].map(async (name) => [name, await contentOf(client, name)] as const),
    ),
  );
  const read = (setting: string, value: SecretValue | undefined): string | undefined => {
    if (value === undefined) return undefined;
    const found = valueIn(contents.get(value.name), value, namespace);
    if ("value" in found) return found.value;
    problems.push(`mcp-fleet:kubernetes.secrets.${setting}: ${found.problem}`);
    return undefined;
  };
  const password = read("databasePassword", databasePassword);
  const secrets: NamedSecrets = {
    ...(password !== undefined && { databasePassword: password }),
    tokens: Object.fromEntries(
      Object.entries(tokens).map(([name, pair]) => {
        const primary = read(`tokens.${name}.primary`, pair.primary);
        const backup = read(`tokens.${name}.backup`, pair.backup);
        return [
          name,
          { ...(primary !== undefined && { primary }), ...(backup !== undefined && { backup }) },
        ];
      }),
    ),
    receivers: Object.fromEntries(
      Object.entries(receivers).flatMap(([name, value]) => {
        const secret = read(`receivers.${name}`, value);
        return secret === undefined ? [] : [[name, secret]];
      }),
    ),
  };
  return { secrets, problems };
}

/** Undefined if there is no such Secret. */
async function contentOf(
  client: KubernetesClient,
  name: string,
): Promise<Content | "forbidden" | undefined> {
  try {
    const path = client.path("v1", "secrets", name);
    const secret = await client.api.find<{ readonly data?: Content }>(path);
    return secret && (secret.data ?? {});
  } catch (error) {
    if (error instanceof KubernetesApiError && error.status === 403) return "forbidden";
    throw error;
  }
}

function valueIn(
  content: Content | "forbidden" | undefined,
  { name, key }: SecretValue,
  namespace: string,
): { readonly value: string } | { readonly problem: string } {
  if (content === "forbidden") {
    return {
      problem: `you may not get Secret ${name} in namespace ${namespace}; have a Role with get on secrets bound to you`,
    };
  }
  if (content === undefined) {
    return {
      problem:
        `got ${name}, and namespace ${namespace} has no such Secret; have it made before, ` +
        `as with: kubectl create secret generic ${name} --namespace ${namespace} --from-file=${key}=FILE`,
    };
  }
  const encoded = content[key];
  if (encoded === undefined) {
    const keys = Object.keys(content).sort().join(", ") || "none";
    return {
      problem: `got key ${key}, and Secret ${name} in namespace ${namespace} has no such key (there is ${keys})`,
    };
  }
  try {
    const bytes = Buffer.from(encoded, "base64");
    const value = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
    if (value !== "") return { value };
    return { problem: `key ${key} of Secret ${name} in namespace ${namespace} is empty` };
  } catch {
    return { problem: `key ${key} of Secret ${name} in namespace ${namespace} is no UTF-8 text` };
  }
}
