import * as core from "@pulumi/kubernetes/core/v1/index.js";
import * as rbac from "@pulumi/kubernetes/rbac/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Named, Scope } from "./named.ts";

const rbacGroup = "rbac.authorization.k8s.io";

/**
 * An account that may see the pods of its namespace, and nothing else. Its token is in no pod that does not ask for it.
 */
export function podListAccess(
  scope: Scope,
  name: string,
  { labels }: Pick<Named, "labels">,
  opts: pulumi.CustomResourceOptions,
): readonly pulumi.Resource[] {
  const metadata = { name, namespace: scope.namespace, labels };
  const account = new core.ServiceAccount(
    name,
    { metadata, automountServiceAccountToken: false },
    opts,
  );
  const role = new rbac.Role(
    name,
    {
      metadata,
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    },
    opts,
  );
  const binding = new rbac.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: rbacGroup, kind: "Role", name: role.metadata.name },
      subjects: [
        { kind: "ServiceAccount", name: account.metadata.name, namespace: scope.namespace },
      ],
    },
    opts,
  );
  return [account, binding];
}
