import type * as pulumi from "@pulumi/pulumi";
import type { Target } from "../components/platform/transport.ts";

/** Something that a gate guards: where it is asked, and what changes when it is another object. */
export interface GuardedPart {
  readonly address: pulumi.Input<string>;
  /**
   * Host names of its copies, where it has several.
   *
   * @default its address
   */
  readonly endpoints?: pulumi.Input<readonly string[]>;
  /**
   * Host names of copies that come and go with the load.
   *
   * @default none
   */
  readonly elastic?: pulumi.Input<readonly string[]>;
  readonly id: pulumi.Input<string>;
}

export type GuardedParts = Readonly<Record<Target["component"], GuardedPart>>;

/** Points of a release that it does not pass unless everything before it is well. */
export interface ReleaseGates {
  /** Before traffic moves: the new servers and what they stand on, asked directly. */
  private(parts: GuardedParts, dependsOn: readonly pulumi.Resource[]): pulumi.Resource;
  /** After traffic moved: the fleet as its clients see it, for the bake time. */
  public(parts: GuardedParts, dependsOn: readonly pulumi.Resource[]): pulumi.Resource;
  /** The servers that were live before this release, by name. */
  readonly before: Readonly<Record<string, Pick<Target, "workload" | "endpoints" | "elastic">>>;
  /** Shares of the new release at the switch, percent. */
  readonly firstStep: number;
}
