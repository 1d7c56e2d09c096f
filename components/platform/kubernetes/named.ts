import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "./kubernetes.schema.ts";
import type { Zone } from "./names.ts";

/** Where the objects of a workload go. */
export interface Scope {
  readonly settings: KubernetesSettings;
  readonly namespace: pulumi.Input<string>;
  readonly zone: Zone;
}

/** What all objects of one workload have in common. */
export interface Named {
  readonly name: pulumi.Input<string>;
  readonly labels: pulumi.Input<Record<string, string>>;
  /** Of its pods. */
  readonly selector: pulumi.Input<Record<string, string>>;
}
