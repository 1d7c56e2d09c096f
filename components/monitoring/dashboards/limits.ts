import { allAlerts, severityOf, type FleetAlerts } from "../alerts/catalogue.ts";
import type { Limit } from "./panel-spec.ts";

/** One alert of a limit: its name and, unless it judges a state of 0 or 1, the threshold that is drawn. */
type Source = readonly [alert: string, threshold?: string];

const sources = {
  serverUp: [["ServiceDown"]],
  gatewayUp: [["GatewayDown"]],
  routesWithout: [["GatewayBackendDown"]],
  partsDown: [["ServiceDown"]],
  databaseReachable: [["DatabaseConnectionFailure"]],
  postgresUp: [["PostgresDown"]],
  pgbouncerUp: [["PgbouncerDown"]],
  prometheusConfig: [["PrometheusConfigReloadFailed"]],
  alertmanagerConfig: [["AlertmanagerConfigReloadFailed"]],
  alertmanagersKnown: [["PrometheusNotConnectedToAlertmanager"]],
  ingesting: [["PrometheusNotIngesting"]],
  faultsActive: [["FaultActive"]],
  errorRatio: [
    ["HighErrorRate", "ratio"],
    ["CriticalErrorRate", "ratio"],
  ],
  availability: [["AvailabilityBurnFast"], ["AvailabilityBurnSlow"]],
  latencyPromise: [["LatencyBurnFast"], ["LatencyBurnSlow"]],
  toolSuccess: [
    ["LowToolSuccess", "ratio"],
    ["CriticalToolSuccess", "ratio"],
  ],
  latencyP95Ms: [
    ["HighLatencyP95", "time"],
    ["CriticalLatencyP95", "time"],
  ],
  latencyP99Ms: [["HighLatencyP99", "time"]],
  concurrency: [
    ["HighConcurrency", "calls"],
    ["CriticalConcurrency", "calls"],
  ],
  sessionsRejected: [["SessionsRejected", "sessions"]],
  restarts: [["ServiceRestarting", "restarts"]],
  memoryRatio: [
    ["HighMemoryUsage", "ratio"],
    ["CriticalMemoryUsage", "ratio"],
  ],
  gatewayConnections: [["GatewayConnections", "ratio"]],
  gatewayQueue: [["GatewayQueue", "requests"]],
  gatewayErrors: [["GatewayServerErrors", "ratio"]],
  connectionsRatio: [
    ["PostgresConnectionsHigh", "ratio"],
    ["PostgresConnectionsExhausted", "ratio"],
  ],
  rollbackRatio: [["PostgresRollbacks", "ratio"]],
  cacheHitRatio: [["PostgresCacheHit", "ratio"]],
  deadlocksPerMinute: [["PostgresDeadlocks", "rate"]],
  transactionSeconds: [["PostgresLongTransaction", "age"]],
  clientsWaiting: [["PoolSaturated", "clients"]],
  clientWaitSeconds: [["PgbouncerMaxwait", "wait"]],
} as const satisfies Readonly<Record<string, readonly [Source, ...Source[]]>>;

/** States of which 1 is good. */
const states: ReadonlySet<string> = new Set([
  ...["serverUp", "gatewayUp", "databaseReachable", "postgresUp", "pgbouncerUp"],
  ...["prometheusConfig", "alertmanagerConfig", "alertmanagersKnown", "ingesting"],
]);

/** Where the values of panels become bad: the thresholds of the fleet's alerts, and nothing else. */
export type Limits = { readonly [Name in keyof typeof sources]: Limit };

/**
 * Thresholds with what the fleet changed; of an alert that it switched off there is none.
 *
 * @throws Error naming every alert and threshold that does not exist.
 */
export function fleetLimits({ slo, changes, runbooks }: FleetAlerts): Limits {
  const alerts = new Map(allAlerts(slo).map((alert) => [alert.name, alert]));
  const unknown: string[] = [];
  const limits = Object.entries(sources).map(([name, list]: [string, readonly Source[]]) => {
    let bad: Limit["bad"] = states.has(name) ? "below" : "above";
    const thresholds = list.flatMap(([alertName, key]) => {
      const alert = alerts.get(alertName);
      if (!alert || (key !== undefined && alert.thresholds[key] === undefined)) {
        unknown.push(`${name}: ${[alertName, key].filter(Boolean).join(".")}`);
        return [];
      }
      if (key !== undefined) bad = alert.fires;
      if (changes[alertName]?.enabled === false) return [];
      // Of what is counted one is bad, of what is a state 1 is good: the same number.
      const value = key === undefined ? 1 : alert.values(changes[alertName])[key]!;
      const severity = severityOf(alert, changes) === "critical" ? "critical" : "warning";
      const link = { name: alertName, runbook: `${runbooks}/${alertName}.md` };
      return [[severity, { value, alert: link }] as const];
    });
    return [name, { bad, ...Object.fromEntries(thresholds) }] as const;
  });
  if (unknown.length > 0) {
    throw new Error(`limits of dashboards name ${unknown.join(", ")}, which no alert has`);
  }
  return Object.fromEntries(limits) as unknown as Limits;
}
