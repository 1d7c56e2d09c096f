import * as core from "@pulumi/kubernetes/core/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";

/** The stack's namespace, in which every pod has to keep the `restricted` standard. It outlives the stack: data is in it. */
export function ownNamespace(
  name: string,
  labels: Readonly<Record<string, string>>,
  opts: pulumi.CustomResourceOptions,
): core.Namespace {
  const modes = ["enforce", "audit", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}`);
  const standard = Object.fromEntries(modes.map((mode) => [mode, "restricted"]));
  return new core.Namespace(
    "namespace",
    { metadata: { name, labels: { ...labels, ...standard } } },
    { ...opts, retainOnDelete: true },
  );
}
