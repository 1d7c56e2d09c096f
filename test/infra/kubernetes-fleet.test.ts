import type * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, vi } from "vitest";
import { connectionsClaims } from "./kubernetes-fleet/connections.ts";
import { DeployedFleet } from "./kubernetes-fleet/deployed-fleet.ts";
import { monitoringClaims } from "./kubernetes-fleet/monitoring.ts";
import { podsClaims } from "./kubernetes-fleet/pods.ts";

// Dynamic resources carry their code as text; the test runner rewrites imports in it, so the code cannot be taken along.
vi.mock("../../components/platform/kubernetes/live-files.ts", async () => {
  const { CustomResource } = await import("@pulumi/pulumi");
  class LiveFilesResource extends CustomResource {
    constructor(name: string, args: pulumi.Inputs, opts: pulumi.CustomResourceOptions) {
      super("pulumi-nodejs:dynamic/mcpfleet:LiveSecret", name, args, opts);
    }
  }
  return { LiveFilesResource };
});

/** Wiring only: what a cluster makes of it is tested on one. */
describe("the writing fleet on a cluster", () => {
  const deployed = new DeployedFleet();
  beforeAll(() => deployed.deploy());

  podsClaims(deployed);
  monitoringClaims(deployed);
  connectionsClaims(deployed);
});
