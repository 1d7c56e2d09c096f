import { databaseDashboard } from "./database.ts";
import type { FleetDashboard } from "./define-dashboard.ts";
import { errorsDashboard } from "./errors.ts";
import { gatewayDashboard } from "./gateway.ts";
import { infrastructureDashboard } from "./infrastructure.ts";
import { latencyDashboard } from "./latency.ts";
import type { Limits } from "./limits.ts";
import { overviewDashboard } from "./overview.ts";
import { releaseDashboard } from "./release.ts";
import { serverDashboard } from "./server.ts";

/**
 * Every dashboard of a fleet, the one to look at first first.
 *
 * @param elsewhere whether a Prometheus of somebody else serves in place of the fleet's own.
 */
export function allDashboards(limits: Limits, elsewhere = false): readonly FleetDashboard[] {
  return [
    overviewDashboard(limits),
    serverDashboard(limits),
    errorsDashboard(limits),
    latencyDashboard(limits),
    gatewayDashboard(limits),
    databaseDashboard(limits),
    infrastructureDashboard(limits, elsewhere),
    releaseDashboard(limits),
  ];
}
