import { beforeAll, describe, vi } from "vitest";
import { connectionsClaims } from "./kubernetes-fleet/connections.ts";
import { DeployedFleet } from "./kubernetes-fleet/deployed-fleet.ts";
import { monitoringClaims } from "./kubernetes-fleet/monitoring.ts";
import { podsClaims } from "./kubernetes-fleet/pods.ts";

vi.mock("../../components/platform/kubernetes/live-files.ts", async () => ({
  LiveFilesResource: (await import("./without-code.ts")).withoutCode("LiveSecret"),
}));

/** Wiring only: what a cluster makes of it is tested on one. */
describe("the writing fleet on a cluster", () => {
  const deployed = new DeployedFleet();
  beforeAll(() => deployed.deploy());

  podsClaims(deployed);
  monitoringClaims(deployed);
  connectionsClaims(deployed);
});
