import { enabledAlerts } from "../alerts/catalogue.ts";
import { alertSettings } from "../alerts/fleet-settings.ts";
import { unknownInPromql } from "../metrics/check-promql.ts";
import type { MonitoringSpec } from "../monitoring.schema.ts";
import { allDashboards } from "./all-dashboards.ts";
import type { FleetDashboard } from "./define-dashboard.ts";
import { requireSoundDashboards } from "./invariants/check-dashboards.ts";
import { fleetLimits } from "./limits.ts";

/**
 * Every dashboard of a fleet, with the thresholds of its alerts, the one to look at first first.
 *
 * @param elsewhere whether a Prometheus of somebody else serves in place of the fleet's own.
 * @throws Error listing everything that is wrong with them.
 */
export function fleetDashboards(
  spec: MonitoringSpec,
  elsewhere = false,
): readonly FleetDashboard[] {
  const settings = alertSettings(spec);
  const dashboards = allDashboards(fleetLimits(settings), elsewhere);
  const written = new Set(
    enabledAlerts(settings.slo, settings.changes).map(
      ({ name }) => `${settings.runbooks}/${name}.md`,
    ),
  );
  requireSoundDashboards(dashboards, {
    query: unknownInPromql,
    runbook: (address) =>
      address.startsWith(`${settings.runbooks}/`) ? written.has(address) : undefined,
  });
  return dashboards;
}

/**
 * The files that Grafana loads, name -> content; the same fleet gives the same bytes.
 *
 * @param elsewhere as of `fleetDashboards`.
 * @throws Error listing everything that is wrong with them.
 */
export function renderDashboards(spec: MonitoringSpec, elsewhere = false): Record<string, string> {
  return Object.fromEntries(
    fleetDashboards(spec, elsewhere).map(({ file, content }) => [file, content]),
  );
}
