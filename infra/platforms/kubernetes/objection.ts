import { KubernetesApiError } from "../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { KubernetesSettings } from "../../../components/platform/kubernetes/kubernetes.schema.ts";
import type { KubernetesObject } from "../../../components/platform/kubernetes/objects.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import { readNamedSecrets } from "./named-secrets.ts";
import { isAllowed, missingPermissions } from "./permissions.ts";

/** Setting of the stack, in messages. */
const at = (setting: string): string => `mcp-fleet:kubernetes.${setting}`;

/** One message with everything for which a cluster cannot run a stack, path and fix; undefined if it can. */
export async function objectionOf(
  client: KubernetesClient,
  stack: string,
  settings: KubernetesSettings,
): Promise<string | undefined> {
  const problems = (
    await Promise.all([
      permissionProblems(client),
      namespaceProblems(client, stack, settings),
      storageProblems(client, settings),
      readNamedSecrets(client, settings.secrets).then(({ problems: named }) => named),
      ingressProblems(client, settings),
      priorityProblems(client, settings),
      nodeProblems(client, settings),
    ])
  ).flat();
  if (problems.length === 0) return undefined;
  return (
    `the cluster at ${client.cluster.server} has ${problems.length} problem(s):\n` +
    `  ${problems.join("\n  ")}`
  );
}

async function permissionProblems(client: KubernetesClient): Promise<string[]> {
  const missing = await missingPermissions(client);
  return [...missing].map(
    ([resource, verbs]) =>
      `you may not ${verbs.join(", ")} ${resource} in namespace ${client.namespace}; ` +
      "have a Role with it bound to you, or the ClusterRole admin",
  );
}

interface Namespace extends KubernetesObject {
  readonly status?: { readonly phase?: string };
}

async function namespaceProblems(
  client: KubernetesClient,
  stack: string,
  { images }: KubernetesSettings,
): Promise<string[]> {
  const { namespace } = client;
  const path = `/api/v1/namespaces/${namespace}`;
  let found: Namespace | undefined;
  try {
    found = await client.api.find<Namespace>(path);
  } catch (error) {
    if (!refused(error)) throw error;
    return [`you may not get namespace ${namespace}; have a Role with it bound to you`];
  }
  if (found === undefined) {
    const permission = { group: "", resource: "namespaces", verb: "create" };
    return (await isAllowed(client, permission))
      ? []
      : [
          `you may not create namespaces, and there is no ${namespace}; have it made, or set ${at("namespace")} to one that you have`,
        ];
  }
  if (found.status?.phase === "Terminating") {
    return [`namespace ${namespace} is being deleted; wait until it is gone`];
  }
  const owner = found.metadata.labels?.[labelNames.stack];
  if (owner !== undefined && owner !== stack) {
    return [
      `${at("namespace")}: ${namespace} belongs to stack ${owner}; set another one, a namespace has one stack`,
    ];
  }
  if (images.pullSecret === undefined) return [];
  const secret = await client.api.find(client.path("v1", "secrets", images.pullSecret));
  return secret === undefined
    ? [
        `${at("images.pullSecret")}: got ${images.pullSecret}, and namespace ${namespace} has no such Secret; make it: kubectl create secret docker-registry`,
      ]
    : [];
}

async function storageProblems(
  client: KubernetesClient,
  { storage }: KubernetesSettings,
): Promise<string[]> {
  const path = "/apis/storage.k8s.io/v1/storageclasses";
  const annotation = "storageclass.kubernetes.io/is-default-class";
  return classProblems(client, {
    ...{ path, annotation, what: "storage class", setting: at("storage.className") },
    ...{ wanted: storage.className, required: true },
  });
}

async function ingressProblems(
  client: KubernetesClient,
  { gateway: { ingress } }: KubernetesSettings,
): Promise<string[]> {
  if (ingress === undefined) return [];
  const path = "/apis/networking.k8s.io/v1/ingressclasses";
  const annotation = "ingressclass.kubernetes.io/is-default-class";
  return classProblems(client, {
    ...{ path, annotation, what: "ingress class", setting: at("gateway.ingress.className") },
    ...{ wanted: ingress.className, required: true },
  });
}

async function priorityProblems(
  client: KubernetesClient,
  { priorityClassName }: KubernetesSettings,
): Promise<string[]> {
  const path = "/apis/scheduling.k8s.io/v1/priorityclasses";
  return classProblems(client, {
    ...{ path, annotation: "", what: "priority class", setting: at("priorityClassName") },
    ...{ wanted: priorityClassName, required: false },
  });
}

interface Classes {
  readonly path: string;
  /** On the class that is taken where none is named. */
  readonly annotation: string;
  readonly what: string;
  readonly setting: string;
  readonly wanted: string | undefined;
  /** Whether there has to be a default where none is named. */
  readonly required: boolean;
}

async function classProblems(
  client: KubernetesClient,
  { path, annotation, what, setting, wanted, required }: Classes,
): Promise<string[]> {
  if (wanted === undefined && !required) return [];
  const classes = await seen(client.api.list<KubernetesObject>(path));
  if (classes === undefined) return [];
  const names = classes.map(({ metadata }) => metadata.name);
  const list = names.length > 0 ? names.join(", ") : "none";
  if (wanted !== undefined) {
    return names.includes(wanted)
      ? []
      : [`${setting}: got ${wanted}, and the cluster has no such ${what} (there is ${list})`];
  }
  return classes.some(({ metadata }) => metadata.annotations?.[annotation] === "true")
    ? []
    : [`${setting}: the cluster has no default ${what}; name one (there is ${list})`];
}

async function nodeProblems(
  client: KubernetesClient,
  { nodeSelector }: KubernetesSettings,
): Promise<string[]> {
  const wanted = Object.entries(nodeSelector);
  if (wanted.length === 0) return [];
  const nodes = await seen(client.api.list<KubernetesObject>("/api/v1/nodes"));
  if (nodes === undefined) return [];
  const fits = nodes.some(({ metadata }) =>
    wanted.every(([label, value]) => metadata.labels?.[label] === value),
  );
  const text = wanted.map(([label, value]) => `${label}=${value}`).join(",");
  return fits
    ? []
    : [`${at("nodeSelector")}: no node has ${text}; correct it, or label the nodes that are meant`];
}

/** Undefined if the user may not look: then the cluster says it when it comes to it. */
async function seen<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (refused(error)) return undefined;
    throw error;
  }
}

function refused(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.status === 403;
}
