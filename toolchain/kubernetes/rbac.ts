import type { ApiObject } from "./api.ts";

/** Version of roles and bindings. */
export const RBAC = "rbac.authorization.k8s.io/v1";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** Verbs of those who only look. */
export const READ = ["get", "list", "watch"];

/** What may be done to which resources of a group. */
export function rule(group: string, resources: readonly string[], verbs: readonly string[]): Rule {
  return { apiGroups: [group], resources, verbs };
}

/** A role of its own for one user or service account, and its binding. */
export function grant(name: string, subject: object, rules: readonly Rule[]): readonly ApiObject[] {
  return [
    { apiVersion: RBAC, kind: "ClusterRole", metadata: { name }, rules },
    bind(name, "ClusterRole", name, subject),
  ];
}

/** Gives a role to a user or service account. */
export function bind(name: string, kind: string, role: string, subject: object): ApiObject {
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind, name: role };
  return {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef,
    subjects: [subject],
  };
}

/** Somebody who is known by a certificate. */
export function user(name: string): object {
  return { kind: "User", apiGroup: "rbac.authorization.k8s.io", name };
}
