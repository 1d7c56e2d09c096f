import { ThresholdsConfigBuilder, ThresholdsMode } from "@grafana/grafana-foundation-sdk/dashboard";
import type { AlertLink, Limit } from "./panel-spec.ts";

/** Colours of a state; the preview draws the same ones. */
const stateColours = { good: "green", warning: "orange", critical: "red" } as const;
/** Of a value that is neither good nor bad. */
const neutral = "blue";

/** Steps from low to high: the colour of a step holds from its value upwards. */
export function thresholds(limit: Limit | undefined): ThresholdsConfigBuilder {
  const { good, warning, critical } = stateColours;
  const builder = new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute);
  if (!limit) return builder.steps([{ value: null, color: neutral }]);
  if (limit.bad === "above") {
    return builder.steps([
      { value: null, color: good },
      ...(limit.warning ? [{ value: limit.warning.value, color: warning }] : []),
      ...(limit.critical ? [{ value: limit.critical.value, color: critical }] : []),
    ]);
  }
  // Below the lowest of both it is worst, above the highest all is well.
  return builder.steps(
    limit.critical
      ? [
          { value: null, color: critical },
          ...(limit.warning ? [{ value: limit.critical.value, color: warning }] : []),
          { value: limit.warning?.value ?? limit.critical.value, color: good },
        ]
      : [
          { value: null, color: warning },
          ...(limit.warning ? [{ value: limit.warning.value, color: good }] : []),
        ],
  );
}

/** Alerts that fire at the thresholds of a limit, the milder first. */
export function alertsOf(limit: Limit | undefined): AlertLink[] {
  return [limit?.warning?.alert, limit?.critical?.alert].filter((alert) => alert !== undefined);
}
