import type * as pulumi from "@pulumi/pulumi";
import type { Guarded } from "./release/records.ts";

/** Points of a release that it does not pass unless everything before it is well. */
export interface ReleaseGates {
  /** Before traffic moves: the new servers and what they stand on, asked directly. */
  private(guards: Guards, dependsOn: readonly pulumi.Resource[]): pulumi.Resource;
  /** After traffic moved: the fleet as its clients see it, for the bake time. */
  public(guards: Guards, dependsOn: readonly pulumi.Resource[]): pulumi.Resource;
}

type Guards = Readonly<Record<keyof Guarded, pulumi.Input<string>>>;
