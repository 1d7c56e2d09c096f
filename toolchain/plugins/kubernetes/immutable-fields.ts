import type { Properties } from "../bridge/values.ts";
import type { Kind } from "./kinds.ts";

/** Whether a change of data is made in place, instead of by a new object. */
export interface MutableData {
  readonly configMaps: boolean;
  readonly secrets: boolean;
}

/** Identity of every object. */
const IDENTITY = ["metadata.name", "metadata.namespace"];

const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  ClusterRoleBinding: ["roleRef"],
  Deployment: ["spec.selector"],
  Job: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  PersistentVolumeClaim: [
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ],
  ResourceQuota: ["spec.scopes"],
  RoleBinding: ["roleRef"],
  Secret: ["type"],
  Service: ["spec.clusterIP"],
  StatefulSet: [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
};

/**
 * Paths whose change makes a new object, each as its steps. The data of ConfigMaps and Secrets is among them, although
 * the API server would change it: pods that use it are made anew with it, and the old ones keep theirs.
 */
export function immutableFields(
  kind: Kind,
  inputs: Properties,
  mutable: MutableData,
): readonly (readonly string[])[] {
  return [...IDENTITY, ...ofKind(kind, inputs, mutable)].map((path) => path.split("."));
}

function ofKind(kind: Kind, inputs: Properties, mutable: MutableData): readonly string[] {
  const frozen = inputs.immutable === true;
  if (kind.kind === "Secret" && (!mutable.secrets || frozen)) return ["type", "stringData", "data"];
  if (kind.kind === "ConfigMap" && (!mutable.configMaps || frozen)) return ["binaryData", "data"];
  return kind.type === undefined ? [] : (BY_KIND[kind.kind] ?? []);
}
