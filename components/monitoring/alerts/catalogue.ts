import type { AlertRule, Severity } from "./alert-rule.ts";
import type { Alert, AlertChange, AlertSettings } from "./define-alert.ts";
import { gatewayAlerts } from "./gateway.ts";
import { latencyAlerts } from "./latency.ts";
import { monitoringAlerts } from "./monitoring.ts";
import { pgbouncerAlerts } from "./pgbouncer.ts";
import { postgresAlerts } from "./postgres.ts";
import { serverAlerts } from "./servers.ts";
import { sloAlerts, type SloSettings } from "./slo.ts";

/** What a fleet promises unless it says otherwise; the time is the guide's limit for the 95th percentile. */
export const defaultSlo: SloSettings = { availability: 0.999, latency: 0.95, latencyMs: 100 };

/** Every alert that there is, for what a fleet promises. */
export function allAlerts(slo: SloSettings = defaultSlo): readonly Alert[] {
  return [
    ...serverAlerts,
    ...latencyAlerts,
    ...sloAlerts(slo),
    ...gatewayAlerts,
    ...postgresAlerts,
    ...pgbouncerAlerts,
    ...monitoringAlerts,
  ];
}

/** Changes of a fleet, by the alert's name. */
export type AlertChanges = Readonly<
  Record<string, (AlertChange & { readonly enabled: boolean }) | undefined>
>;

export interface FleetAlerts extends AlertSettings {
  readonly slo: SloSettings;
  readonly changes: AlertChanges;
}

/** The alerts of a fleet with its own numbers, those that it switched off left out. */
export function fleetAlerts({ slo, changes, ...settings }: FleetAlerts): readonly AlertRule[] {
  return enabledAlerts(slo, changes).map((alert) => alert.rule(settings, changes[alert.name]));
}

export function enabledAlerts(slo: SloSettings, changes: AlertChanges): readonly Alert[] {
  return allAlerts(slo).filter(({ name }) => changes[name]?.enabled !== false);
}

/** Severity that an alert has in a fleet. */
export function severityOf(alert: Alert, changes: AlertChanges): Severity {
  return changes[alert.name]?.severity ?? alert.severity;
}
