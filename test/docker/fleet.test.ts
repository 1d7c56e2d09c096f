import { afterAll, beforeAll, describe } from "vitest";
import { changingClaims } from "./claims/changing.ts";
import { dashboardClaims } from "./claims/dashboards.ts";
import { holdingClaims } from "./claims/holding.ts";
import { leavingClaims } from "./claims/leaving.ts";
import { servingClaims } from "./claims/serving.ts";
import { LiveFleet } from "./support/live-fleet.ts";

// One fleet, from its first `up` to its end; each claim starts from what the one before it left.
describe("the whole fleet, as a user runs it", () => {
  const live = new LiveFleet();
  beforeAll(() => live.create());
  afterAll(() => live.dispose());

  servingClaims(live);
  dashboardClaims(live);
  holdingClaims(live);
  changingClaims(live);
  leavingClaims(live);
});
