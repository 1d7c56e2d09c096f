import { z } from "zod";
import { operationBuckets } from "../metrics/mcp-server.ts";
import { severities } from "./alert-rule.ts";
import { allAlerts, defaultSlo } from "./catalogue.ts";
import type { Alert } from "./define-alert.ts";
import { showThreshold, type Threshold } from "./threshold.ts";

/** A time as Prometheus writes it: `90s`, `5m`, `1h`. */
const forDuration = z
  .string({ error: "a time with its unit, as in 90s, 5m or 1h" })
  .regex(/^(0|[1-9][0-9]{0,4})(s|m|h)$/, { error: "a time with its unit, as in 90s, 5m or 1h" });

function thresholdSchema({ unit, default: value, what }: Threshold) {
  return z
    .union([z.number(), z.string()], { error: "a number, or a text with its unit" })
    .optional()
    .describe(`${what} Default: ${showThreshold(unit, value)}.`);
}

function alertSchema(alert: Alert) {
  const thresholds = Object.entries(alert.thresholds).map(
    ([key, threshold]) => [key, thresholdSchema(threshold)] as const,
  );
  return z
    .strictObject({
      enabled: z.boolean().default(true).describe("false: this alert is left out."),
      severity: z
        .enum(severities, { error: severities.join(", ") })
        .optional()
        .describe(`Default: ${alert.severity}.`),
      for: forDuration
        .optional()
        .describe(
          `How long it has to hold. Default: ${showThreshold("seconds", alert.forSeconds)}.`,
        ),
      thresholds: z
        .strictObject(Object.fromEntries(thresholds))
        .prefault({})
        .describe("Numbers that it compares with."),
    })
    .optional()
    .describe(alert.runbook.meaning);
}

/** What a fleet sets otherwise, by the alert's name. */
export const alertsSchema = z.strictObject(
  Object.fromEntries(allAlerts().map((alert) => [alert.name, alertSchema(alert)])),
);
export type AlertsSpec = z.output<typeof alertsSchema>;

const objective = (least: number) =>
  z
    .number({ error: "a share such as 0.999" })
    // Of a smaller one not even an hour in which every call fails would burn the budget fast enough to page.
    .min(least, { error: `at least ${least}` })
    .max(0.99999, {
      error: "at most 0.99999: a promise without any budget is broken by the first call",
    });

/** What a fleet promises of each of its servers. */
export const sloSchema = z.strictObject({
  availability: objective(0.95)
    .default(defaultSlo.availability)
    .describe("Share of the calls that do not fail through the fleet's own fault."),
  latency: objective(0.94)
    .default(defaultSlo.latency)
    .describe("Share of the calls that are answered within `latencyMs`."),
  latencyMs: z
    .literal(
      operationBuckets.map((bound) => bound * 1000),
      {
        error: `one of ${operationBuckets.map((bound) => bound * 1000).join(", ")}: other times are not counted`,
      },
    )
    .default(defaultSlo.latencyMs)
    .describe("The time that the objective is about. Milliseconds."),
});
