import type { KubernetesClient } from "../../../../components/platform/kubernetes/client.ts";
import type { KubernetesSettings } from "../../../../components/platform/kubernetes/kubernetes.schema.ts";
import type { Asked, Findings } from "./findings.ts";
import { operatorGroup, operatorKinds } from "../kinds.ts";

/** Verbs on resources of one API group. */
interface Need {
  readonly group: string;
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const manage = ["get", "list", "watch", "create", "patch", "delete"];

/** What is only looked for among leftovers. */
const tidy = ["list", "delete"];

/** What deploying, probing and rolling back a stack asks of its namespace. */
const needsOf = ({ gateway, autoscaling, monitoring }: KubernetesSettings): readonly Need[] => [
  { group: "apps", resources: ["deployments", "statefulsets"], verbs: manage },
  { group: "batch", resources: ["jobs"], verbs: manage },
  { group: "", resources: ["services"], verbs: manage },
  // Live files are replaced as a whole.
  { group: "", resources: ["secrets"], verbs: [...manage, "update"] },
  { group: "", resources: ["persistentvolumeclaims"], verbs: manage },
  { group: "networking.k8s.io", resources: ["networkpolicies"], verbs: manage },
  {
    ...{ group: "networking.k8s.io", resources: ["ingresses"] },
    verbs: gateway.ingress ? manage : tidy,
  },
  { group: "policy", resources: ["poddisruptionbudgets"], verbs: manage },
  {
    ...{ group: "autoscaling", resources: ["horizontalpodautoscalers"] },
    verbs: autoscaling ? manage : tidy,
  },
  // The plugin follows the rollout of a Deployment there.
  { group: "apps", resources: ["replicasets"], verbs: ["list", "watch"] },
  // Of the one who finds pods by itself, our own Prometheus.
  { group: "", resources: ["serviceaccounts"], verbs: monitoring.existing ? tidy : manage },
  {
    ...{ group: "rbac.authorization.k8s.io", resources: ["roles", "rolebindings"] },
    verbs: monitoring.existing ? tidy : manage,
  },
  // Prometheus is let get, list and watch pods: nobody may give away what they do not have.
  { group: "", resources: ["pods"], verbs: ["get", "list", "watch", "patch"] },
  { group: "", resources: ["pods/log"], verbs: ["get"] },
  // A connection that is upgraded begins with a GET; newer servers ask for create as well.
  { group: "", resources: ["pods/exec", "pods/portforward"], verbs: ["get", "create"] },
  { group: "", resources: ["events"], verbs: ["list"] },
  { group: "", resources: ["configmaps"], verbs: monitoring.dashboards ? manage : tidy },
  ...operatorKinds(monitoring).map(([{ plural }]) => ({
    ...{ group: operatorGroup, resources: [plural], verbs: manage },
  })),
];

/** One permission. */
interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Of the object. @default any of them */
  readonly name?: string;
}

interface Rules {
  readonly status: {
    readonly resourceRules?: readonly {
      readonly verbs: readonly string[];
      readonly apiGroups?: readonly string[];
      readonly resources?: readonly string[];
      readonly resourceNames?: readonly string[];
    }[];
  };
}

export async function permissionFindings({ client, settings }: Asked): Promise<Findings> {
  const missing = await missingPermissions(client, settings);
  return {
    problems: [...missing].map(
      ([resource, verbs]) =>
        `you may not ${verbs.join(", ")} ${resource} in namespace ${client.namespace}; ` +
        "have a Role with it bound to you" +
        // That role has what Kubernetes brings along.
        (resource.endsWith(operatorGroup) ? "" : ", or the ClusterRole admin"),
    ),
  };
}

/** Verbs that the user lacks, by resource as `kubectl` names it: `deployments.apps` -> `create, delete`. */
async function missingPermissions(
  client: KubernetesClient,
  settings: KubernetesSettings,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const wanted = needsOf(settings).flatMap(({ group, resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ group, resource, verb }))),
  );
  const rules = await client.api
    .post<Rules>("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
      ...review("SelfSubjectRulesReview"),
      spec: { namespace: client.namespace },
    })
    .then(({ status }) => status.resourceRules ?? []);
  // One question tells almost everything; what it does not tell, webhooks and other authorizers may still allow.
  const doubtful = wanted.filter((permission) => !rules.some((rule) => covers(rule, permission)));
  const answers = await Promise.all(
    doubtful.map((permission) => isAllowed(client, permission, client.namespace)),
  );
  const missing = new Map<string, string[]>();
  doubtful.forEach(({ group, resource, verb }, at) => {
    if (answers[at]) return;
    const name = group === "" ? resource : `${resource}.${group}`;
    const verbs = missing.get(name) ?? [];
    if (!verbs.includes(verb)) missing.set(name, [...verbs, verb]);
  });
  return missing;
}

/** @param namespace absent for what lies in none. */
export async function isAllowed(
  client: KubernetesClient,
  { group, resource: whole, verb, name }: Permission,
  namespace?: string,
): Promise<boolean> {
  const [resource, subresource] = whole.split("/");
  const { status } = await client.api.post<{ readonly status: { readonly allowed: boolean } }>(
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    {
      ...review("SelfSubjectAccessReview"),
      spec: {
        resourceAttributes: {
          ...{ group, resource, verb },
          ...(subresource !== undefined && { subresource }),
          ...(namespace !== undefined && { namespace }),
          ...(name !== undefined && { name }),
        },
      },
    },
  );
  return status.allowed;
}

function review(kind: string) {
  return { apiVersion: "authorization.k8s.io/v1", kind };
}

type Rule = NonNullable<Rules["status"]["resourceRules"]>[number];

export function covers(
  { verbs, apiGroups = [], resources = [], resourceNames = [] }: Rule,
  { group, resource, verb }: Permission,
): boolean {
  const has = (list: readonly string[], one: string) => list.includes("*") || list.includes(one);
  const [, subresource] = resource.split("/");
  const named =
    has(resources, resource) ||
    (subresource !== undefined && resources.includes(`*/${subresource}`));
  return resourceNames.length === 0 && has(verbs, verb) && has(apiGroups, group) && named;
}
