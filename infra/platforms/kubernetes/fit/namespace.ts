import type { KubernetesObject } from "../../../../components/platform/kubernetes/objects.ts";
import { labelNames } from "../../../../components/platform/labels.ts";
import { at, isForbidden, type Asked, type Findings } from "./findings.ts";
import { isAllowed } from "./permissions.ts";

interface Namespace extends KubernetesObject {
  readonly status?: { readonly phase?: string };
}

/** Whether the namespace is the stack's, or may become it. */
export async function namespaceFindings({ client, stack }: Asked): Promise<Findings> {
  const { namespace } = client;
  const path = `/api/v1/namespaces/${namespace}`;
  const ofNamespaces = { group: "", resource: "namespaces" };
  let found: Namespace | undefined;
  try {
    found = await client.api.find<Namespace>(path);
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return {
      problems: [`you may not get namespace ${namespace}; have a Role with it bound to you`],
    };
  }
  if (found === undefined) {
    // What is applied is made by a patch, for which the right to create is asked as well.
    const verbs = ["create", "patch"];
    const answers = await Promise.all(
      verbs.map((verb) => isAllowed(client, { ...ofNamespaces, verb })),
    );
    const missing = verbs.filter((_, index) => !answers[index]);
    return missing.length === 0
      ? {}
      : {
          problems: [
            `you may not ${missing.join(", ")} namespaces, and there is no ${namespace}; have it made, or set ${at("namespace")} to one that you have`,
          ],
        };
  }
  if (found.status?.phase === "Terminating") {
    return { problems: [`namespace ${namespace} is being deleted; wait until it is gone`] };
  }
  const owner = found.metadata.labels?.[labelNames.stack];
  if (owner === stack) return {};
  if (owner !== undefined) {
    return {
      problems: [
        `${at("namespace")}: got ${namespace}, which belongs to stack ${owner}; a namespace has one stack: set another one`,
      ],
    };
  }
  // Its labels say whose it is, and how its pods are secured.
  const patch = { ...ofNamespaces, verb: "patch", name: namespace };
  return (await isAllowed(client, patch, namespace))
    ? {}
    : {
        problems: [
          `you may not patch namespace ${namespace}, which has to get its labels; have a Role with it bound to you`,
        ],
      };
}
