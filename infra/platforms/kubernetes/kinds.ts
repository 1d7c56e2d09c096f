import type { KubernetesSettings } from "../../../components/platform/kubernetes/kubernetes.schema.ts";

/** A kind of object that the stack makes in its namespace. */
export interface Kind {
  readonly kind: string;
  /** Group and version, as in the path. */
  readonly group: string;
  readonly plural: string;
  /** A cluster may be without it, and those who deploy need no leave to look for it unless they use it. */
  readonly optional?: true;
}

/** Rules, for a Prometheus operator. */
const prometheusRules: Kind = {
  kind: "PrometheusRule",
  group: "monitoring.coreos.com/v1",
  plural: "prometheusrules",
  optional: true,
};

/** What to scrape, for a Prometheus operator. */
const podMonitors: Kind = {
  ...{ kind: "PodMonitor", group: prometheusRules.group, plural: "podmonitors" },
  optional: true,
};

/** Group of these kinds, without its version. */
export const operatorGroup = prometheusRules.group.replace(/\/.*/, "");

/** Kinds of the operator that a stack makes, each with the setting that asks for it. */
export function operatorKinds({
  existing,
  prometheusRules: rules,
}: KubernetesSettings["monitoring"]): readonly (readonly [Kind, string])[] {
  if (existing) {
    return [podMonitors, prometheusRules].map((kind) => [kind, "monitoring.existing"]);
  }
  return rules ? [[prometheusRules, "monitoring.prometheusRules"]] : [];
}

/** What runs, in the order in which it may be removed: first what makes pods. */
export const workloadKinds: readonly Kind[] = [
  { kind: "Deployment", group: "apps/v1", plural: "deployments" },
  { kind: "StatefulSet", group: "apps/v1", plural: "statefulsets" },
  { kind: "Job", group: "batch/v1", plural: "jobs" },
];

/** Everything that can be made again. Claims of volumes are not among them: they hold data. */
export const disposableKinds: readonly Kind[] = [
  {
    kind: "HorizontalPodAutoscaler",
    group: "autoscaling/v2",
    plural: "horizontalpodautoscalers",
  },
  ...workloadKinds,
  { kind: "Ingress", group: "networking.k8s.io/v1", plural: "ingresses" },
  { kind: "Service", group: "v1", plural: "services" },
  { kind: "PodDisruptionBudget", group: "policy/v1", plural: "poddisruptionbudgets" },
  { kind: "NetworkPolicy", group: "networking.k8s.io/v1", plural: "networkpolicies" },
  { kind: "Secret", group: "v1", plural: "secrets" },
  { kind: "ConfigMap", group: "v1", plural: "configmaps" },
  podMonitors,
  prometheusRules,
  { kind: "RoleBinding", group: "rbac.authorization.k8s.io/v1", plural: "rolebindings" },
  { kind: "Role", group: "rbac.authorization.k8s.io/v1", plural: "roles" },
  { kind: "ServiceAccount", group: "v1", plural: "serviceaccounts" },
];
