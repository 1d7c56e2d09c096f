import type { Severity } from "./alerts/alert-rule.ts";
import type { AlertmanagerSpec, ReceiverSpec } from "./alertmanager.schema.ts";

/** Where alerts end that nobody is told of: it has no integrations, and says so by its name. */
export const unrouted = "unrouted";

/** File with the secret of a receiver, beside the configuration. */
export function secretFile(receiver: string): string {
  return `receiver-${receiver}`;
}

/** Receivers that do nothing without their secret: an address, a key, or a password. */
export function receiversWithSecret(spec: AlertmanagerSpec): readonly ReceiverSpec[] {
  return spec.receivers.filter(
    (receiver) => receiver.kind !== "email" || receiver.username !== undefined,
  );
}

/** What is wrong with a receiver's secret, without the secret; undefined if nothing is. */
export function secretProblem(kind: ReceiverSpec["kind"], secret: string): string | undefined {
  switch (kind) {
    case "webhook":
    case "slack":
      return /^https?:\/\/[^\s"']+$/.test(secret) && URL.canParse(secret)
        ? undefined
        : "has to be a URL";
    case "pagerduty":
      return /^[A-Za-z0-9]{32}$/.test(secret)
        ? undefined
        : "has to be an integration key: 32 letters and digits";
    case "email":
      return secret.length > 0 && !/[\r\n]/.test(secret)
        ? undefined
        : "has to be a password on one line";
  }
}

/** An alert as routes see it. */
export interface Routed {
  readonly alertname: string;
  readonly severity: Severity;
  readonly service: string;
}

/** Names of the receivers that are told of an alert; none: nobody is. */
export function receiversOf({ routes }: AlertmanagerSpec, alert: Routed): readonly string[] {
  const { alertname, severity, service } = alert;
  if (alertname === "Watchdog") return routes.heartbeat;
  if (severity === "none") return [];
  const own = routes.services.find(
    (entry) => entry.services.includes(service) && entry.severities.includes(severity),
  );
  return own?.receivers ?? bySeverity(routes)[severity];
}

/** Receivers of each severity, with what is not set taken from the one above. */
export function bySeverity({ critical, warning, info }: AlertmanagerSpec["routes"]) {
  return { critical, warning: warning ?? critical, info: info ?? warning ?? critical };
}

/** Name under which Alertmanager knows a group of receivers. */
export function groupName(receivers: readonly string[]): string {
  return receivers.length === 0 ? unrouted : [...new Set(receivers)].sort().join("+");
}
