import { allAlerts, type AlertChanges } from "./catalogue.ts";
import type { AlertsSpec } from "./alerts.schema.ts";
import type { Alert } from "./define-alert.ts";
import { readThreshold, showThreshold } from "./threshold.ts";

/** A threshold that cannot be used, where it stands below `monitoring.alerts`. */
export interface AlertProblem {
  readonly at: readonly string[];
  readonly got: string;
  readonly allowed: string;
}

const unitSeconds = { s: 1, m: 60, h: 3600 } as const;

/** The numbers of a fleet, and every value among them that cannot be used. */
export function readAlerts(spec: AlertsSpec): { changes: AlertChanges; problems: AlertProblem[] } {
  const problems: AlertProblem[] = [];
  const alerts = allAlerts();
  const changes = Object.fromEntries(
    alerts.flatMap((alert) => {
      const given = spec[alert.name];
      if (given === undefined) return [];
      const thresholds: Record<string, number> = {};
      for (const [key, value] of Object.entries(given.thresholds)) {
        if (value === undefined) continue;
        const read = readThreshold(alert.thresholds[key]!, value);
        if ("value" in read) thresholds[key] = read.value;
        else
          problems.push({
            at: [alert.name, "thresholds", key],
            got: JSON.stringify(value),
            ...read,
          });
      }
      const { enabled, severity } = given;
      return [
        [
          alert.name,
          { enabled, severity, thresholds, forSeconds: durationSeconds(given.for) },
        ] as const,
      ];
    }),
  );
  return { changes, problems: [...problems, ...orderProblems(alerts, changes)] };
}

function durationSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return Number(text.slice(0, -1)) * unitSeconds[text.slice(-1) as keyof typeof unitSeconds];
}

/** A warning has to come before the alert that takes over. */
function orderProblems(alerts: readonly Alert[], changes: AlertChanges): AlertProblem[] {
  return alerts.flatMap((alert) => {
    const worse = alerts.find(({ name }) => name === alert.worse);
    if (!worse) return [];
    const [mild, severe] = [alert.values(changes[alert.name]), worse.values(changes[worse.name])];
    return Object.entries(alert.thresholds).flatMap(([key, { unit }]) => {
      // How much there has to be before a share says anything is no level of badness.
      if (key.startsWith("minimum") || severe[key] === undefined) return [];
      const [low, high] = [mild[key]!, severe[key]];
      if (alert.fires === "above" ? low < high : low > high) return [];
      const set = changes[alert.name]?.thresholds[key] === undefined ? worse : alert;
      return [
        {
          at: [set.name, "thresholds", key],
          got: showThreshold(unit, set === alert ? low : high),
          allowed: `${alert.name} (${showThreshold(unit, low)}) has to fire before ${worse.name} (${showThreshold(unit, high)})`,
        },
      ];
    });
  });
}
