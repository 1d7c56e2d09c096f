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
 * @throws Error listing everything that is wrong with them.
 */
export function fleetDashboards(spec: MonitoringSpec): readonly FleetDashboard[] {
  const settings = alertSettings(spec);
  const dashboards = allDashboards(fleetLimits(settings));
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
 * @throws Error listing everything that is wrong with them.
 */
export function renderDashboards(spec: MonitoringSpec): Record<string, string> {
  return Object.fromEntries(fleetDashboards(spec).map(({ file, content }) => [file, content]));
}
