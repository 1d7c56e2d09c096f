/** A kind of object that the stand-in manages. */
export interface Kind {
  /** Type token of the Pulumi resource. */
  readonly token: string;
  /** As in manifests: `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  /** Last part of the REST path. */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Line of the field table; absent for custom resources, whose fields only the cluster knows. */
  readonly type?: string;
}

const CLUSTER_WIDE = new Set(["Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass"]);

/** API group and version -> kinds and the last part of their REST path. */
const BUILT_IN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "core/v1": {
    ConfigMap: "configmaps",
    LimitRange: "limitranges",
    Namespace: "namespaces",
    PersistentVolumeClaim: "persistentvolumeclaims",
    ResourceQuota: "resourcequotas",
    Secret: "secrets",
    Service: "services",
    ServiceAccount: "serviceaccounts",
  },
  "apps/v1": { Deployment: "deployments", StatefulSet: "statefulsets" },
  "autoscaling/v2": { HorizontalPodAutoscaler: "horizontalpodautoscalers" },
  "batch/v1": { Job: "jobs" },
  "networking.k8s.io/v1": { Ingress: "ingresses", NetworkPolicy: "networkpolicies" },
  "policy/v1": { PodDisruptionBudget: "poddisruptionbudgets" },
  "rbac.authorization.k8s.io/v1": {
    ClusterRole: "clusterroles",
    ClusterRoleBinding: "clusterrolebindings",
    Role: "roles",
    RoleBinding: "rolebindings",
  },
  "scheduling.k8s.io/v1": { PriorityClass: "priorityclasses" },
};

const CUSTOM: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "monitoring.coreos.com/v1": { PodMonitor: "podmonitors", PrometheusRule: "prometheusrules" },
};

const KINDS: ReadonlyMap<string, Kind> = new Map(
  [...entries(BUILT_IN, false), ...entries(CUSTOM, true)].map((kind) => [kind.token, kind]),
);

function entries(groups: typeof BUILT_IN, custom: boolean): Kind[] {
  return Object.entries(groups).flatMap(([groupVersion, kinds]) =>
    Object.entries(kinds).map(([kind, plural]) => ({
      token: `kubernetes:${groupVersion}:${kind}`,
      apiVersion: groupVersion.replace(/^core\//, ""),
      kind,
      plural,
      namespaced: !CLUSTER_WIDE.has(kind),
      ...(custom ? {} : { type: `${groupVersion.split(/[./]/)[0] ?? ""}.${kind}` }),
    })),
  );
}

/** @throws for a type token that is not in the table, with those that are */
export function kindOf(token: string): Kind {
  const kind = KINDS.get(token);
  if (kind !== undefined) return kind;
  const known = [...KINDS.keys()].sort().join(", ");
  throw new Error(`${token}: no such resource type in this stand-in (it has ${known})`);
}

/** Kinds that are only looked at while others are awaited. */
export const OBSERVED = {
  endpoints: { apiVersion: "v1", plural: "endpoints" },
  pods: { apiVersion: "v1", plural: "pods" },
  replicaSets: { apiVersion: "apps/v1", plural: "replicasets" },
} as const;

/** Where the API server serves a collection, or one object of it. */
export function pathOf(
  kind: Pick<Kind, "apiVersion" | "plural">,
  namespace: string,
  name?: string,
): string {
  const root = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : "/api/v1";
  const scope = namespace === "" ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${kind.plural}${object}`;
}
