import { KubernetesApiError } from "../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import type { KubernetesObject } from "../../../components/platform/kubernetes/objects.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import type { KnownResource, StackObject, UnknownObjects } from "../site.ts";
import { disposableKinds } from "./kinds.ts";

/** Live files are one resource and two Secrets; see `components/platform/kubernetes/live-files.ts`. */
const liveFilesType = /:LiveSecret$/;

/** Objects that the state knows, as `<kind> <namespace>/<name>`: a Service is often named as what it leads to. */
export function knownObjects(
  resources: readonly Pick<KnownResource, "type" | "id">[],
): ReadonlySet<string> {
  const known = new Set<string>();
  for (const { type, id } of resources) {
    if (!id) continue;
    if (type.startsWith("kubernetes:")) {
      const kind = type.slice(type.lastIndexOf(":") + 1);
      // A list of patches is the object itself.
      known.add(`${kind.replace(/Patch$/, "")} ${id}`);
    }
    if (liveFilesType.test(type)) known.add(`Secret ${id}`).add(`Secret ${id}-previous`);
  }
  return known;
}

/** See `Site.findUnknown`. */
export async function findUnknown(
  client: KubernetesClient,
  stack: string,
  resources: readonly Pick<KnownResource, "type" | "id">[],
  lineage: string | undefined,
): Promise<UnknownObjects> {
  const known = knownObjects(resources);
  const objects = (await objectsOf(client, stack)).filter(
    ({ kind, id }) => !known.has(`${kind} ${id}`),
  );
  const isOwn = (found: StackObject): boolean =>
    found.lineage === undefined || found.lineage === lineage;
  return {
    orphans: objects.filter(isOwn),
    foreign: objects.filter((found) => !isOwn(found)),
  };
}

/** What its owner made goes with its owner. */
async function objectsOf(client: KubernetesClient, stack: string): Promise<StackObject[]> {
  const query = { labelSelector: `${labelNames.stack}=${stack}` };
  const lists = await Promise.all(
    disposableKinds.map(async ({ kind, group, plural, optional }) => {
      const items = await client.api
        .list<KubernetesObject>(client.path(group, plural), { query })
        .catch((error: unknown): readonly KubernetesObject[] => {
          const status = error instanceof KubernetesApiError ? error.status : undefined;
          // A cluster without such a kind has no object of it, and need not let anybody ask.
          if (status === 404 || (optional && status === 403)) return [];
          throw error;
        });
      return items
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
        .filter(({ metadata }) => (metadata.ownerReferences ?? []).length === 0)
        .map(({ metadata: { name, labels } }) => ({
          ...{ kind, name, id: `${client.namespace}/${name}` },
          lineage: labels?.[labelNames.lineage],
        }));
    }),
  );
  return lists.flat();
}

/** Why a stack cannot be deployed beside these objects of another state, and what to do; undefined if there are none. */
export function foreignObjection(
  { namespace, context }: Pick<KubernetesClient, "namespace" | "context">,
  stack: string,
  foreign: readonly StackObject[],
): string | undefined {
  const [first] = foreign;
  if (first === undefined) return undefined;
  const kinds = disposableKinds
    // kubectl does nothing at all if the cluster lacks one of them.
    .filter(({ kind, optional }) => !optional || foreign.some((object) => object.kind === kind))
    .map(({ plural }) => plural)
    .join(",");
  const where = `--context ${context} --namespace ${namespace}`;
  return [
    `another state has a stack ${stack} in namespace ${namespace}: ${foreign.length} object(s) that this state does not know, such as ${first.kind} ${first.name}`,
    `  to change that one, use its state: log in to its backend, or set PULUMI_BACKEND_URL`,
    `  to have one beside it, use another stack name, or set kubernetes.namespace`,
    `  if its state is lost, remove its objects (data volumes stay):`,
    `    kubectl delete ${kinds} ${where} --selector ${labelNames.lineage}=${first.lineage}`,
  ].join("\n");
}

/** In the order of the kinds: what makes pods first. What is gone already is fine. */
export async function removeOrphans(
  client: KubernetesClient,
  orphans: readonly StackObject[],
): Promise<void> {
  for (const { kind, group, plural } of disposableKinds) {
    const own = orphans.filter((orphan) => orphan.kind === kind);
    await Promise.all(own.map(({ name }) => client.api.delete(client.path(group, plural, name))));
  }
}
