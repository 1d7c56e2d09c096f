import { alertmanagerDown, invalidAlerts, notificationsFailing } from "./alertmanager.ts";
import type { Alert } from "./define-alert.ts";
import { targetDown, watchdog } from "./heartbeat.ts";
import { alertmanager, prometheus, reloadFailed } from "./monitoring-kinds.ts";
import { notConnected, notIngesting, prometheusCounted, sendFailing } from "./prometheus.ts";

/** About the fleet's own Prometheus and Alertmanager. */
export const ownMonitoringAlerts: readonly Alert[] = [
  reloadFailed(
    "PrometheusConfigReloadFailed",
    "prometheus_config_last_reload_successful",
    "Prometheus",
    prometheus,
  ),
  notIngesting,
  notConnected,
  sendFailing,
  ...prometheusCounted,
  alertmanagerDown,
  reloadFailed(
    "AlertmanagerConfigReloadFailed",
    "alertmanager_config_last_reload_successful",
    "Alertmanager",
    alertmanager,
  ),
  notificationsFailing,
  invalidAlerts,
];

export const monitoringAlerts: readonly Alert[] = [watchdog, targetDown, ...ownMonitoringAlerts];
