import type { MonitoringSpec } from "../monitoring.schema.ts";
import type { FleetAlerts } from "./catalogue.ts";
import { readAlerts } from "./settings.ts";

/** What a fleet says of its alerts; what is wrong with its numbers was refused with the fleet file. */
export function alertSettings({
  alerts,
  slo,
  prometheus,
  runbooks,
}: Pick<MonitoringSpec, "alerts" | "slo" | "prometheus" | "runbooks">): FleetAlerts {
  return {
    slo,
    runbooks: runbooks.replace(/\/$/, ""),
    scrapeIntervalSeconds: prometheus.scrapeIntervalSeconds,
    changes: readAlerts(alerts).changes,
  };
}
