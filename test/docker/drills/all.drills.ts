import { afterAll, beforeAll, describe } from "vitest";
import { badImages, badReleases, cutOffRelease } from "./bad-releases.ts";
import { badSettings } from "./bad-settings.ts";
import { firstDeployment } from "./first-deployment.ts";
import { hinderedRollbacks } from "./hindered-rollbacks.ts";
import { interruptedRuns, killedRuns } from "./interrupted-runs.ts";
import { oneOfTen } from "./one-of-ten.ts";
import { oneOfTwoRuns } from "./one-of-two-runs.ts";
import { plainPulumi } from "./plain-pulumi.ts";
import { returns } from "./returns.ts";
import { DrillFleet } from "./support/drill-fleet.ts";
import { theEnd } from "./the-end.ts";

// One small fleet under load; each drill starts from what the one before it left, which is the release before.
describe("drills of the release transaction", () => {
  const fleet = new DrillFleet();
  beforeAll(() => fleet.create());
  afterAll(() => fleet.dispose());

  firstDeployment(fleet);
  badReleases(fleet);
  badImages(fleet);
  cutOffRelease(fleet);
  badSettings(fleet);
  plainPulumi(fleet);
  interruptedRuns(fleet);
  killedRuns(fleet);
  oneOfTen(fleet);
  hinderedRollbacks(fleet);
  returns(fleet);
  oneOfTwoRuns(fleet);
  theEnd(fleet);
});
