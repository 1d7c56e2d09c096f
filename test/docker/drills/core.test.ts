import { afterAll, beforeAll, describe } from "vitest";
import { badReleases } from "./bad-releases.ts";
import { firstDeployment } from "./first-deployment.ts";
import { killedRuns } from "./interrupted-runs.ts";
import { oneOfTwoRuns } from "./one-of-two-runs.ts";
import { plainPulumi } from "./plain-pulumi.ts";
import { DrillFleet } from "./support/drill-fleet.ts";
import { theEnd } from "./the-end.ts";

// The drills that no change may break, one of each kind; `./fleet test --only drills` runs all of them.
describe("the release transaction", () => {
  const fleet = new DrillFleet();
  beforeAll(() => fleet.create());
  afterAll(() => fleet.dispose());

  firstDeployment(fleet);
  badReleases(fleet, ["server exits", "failing calls"]);
  plainPulumi(fleet);
  killedRuns(fleet, ["WATCH"]);
  oneOfTwoRuns(fleet);
  theEnd(fleet);
});
