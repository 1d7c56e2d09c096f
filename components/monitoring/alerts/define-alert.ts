import type { AlertGroup, AlertRule, AlertTests, Severity } from "./alert-rule.ts";
import type { Threshold, Thresholds, Values } from "./threshold.ts";

/** What an alert may depend on besides its thresholds. */
export interface AlertContext {
  readonly scrapeIntervalSeconds: number;
  /** How long the condition has to hold, as set in the fleet. Seconds. */
  readonly forSeconds: number;
}

/** Another alert that explains this one: while it fires, this one tells nobody anything new. */
export interface Cause {
  readonly alert: string;
  /** `service`: only that of the same service; `fleet`: any. */
  readonly scope: "service" | "fleet";
}

export interface Runbook {
  readonly meaning: string;
  readonly impact: string;
  /** One step each. */
  readonly diagnosis: readonly string[];
  readonly mitigation: readonly string[];
}

interface AlertSpec<T extends Thresholds> {
  /** Unique, in camel case, as in ServiceDown. */
  readonly name: string;
  readonly group: AlertGroup;
  readonly severity: Severity;
  /** How long the expression has to hold. Seconds. */
  readonly forSeconds: number;
  /** How long it is told after the expression no longer holds. Default: not at all. Seconds. */
  readonly keepFiringSeconds?: number;
  /** For expressions whose series carry no such labels. */
  readonly service?: string;
  readonly component?: string;
  readonly thresholds: T;
  readonly expr: (thresholds: Values<T>, context: AlertContext) => string;
  /** One line. May use `{{ $labels.x }}`. */
  readonly summary: string;
  /** What was measured, against what. May use `{{ $labels.x }}` and `{{ $value | humanize }}`. */
  readonly description: (thresholds: Values<T>, context: AlertContext) => string;
  readonly runbook: Runbook;
  readonly causes?: readonly Cause[];
  /** The alert that takes over when it gets worse; their common thresholds have to be in order. */
  readonly worse?: string;
  /** Whether it fires above (default) or below its thresholds. */
  readonly fires?: "above" | "below";
  readonly tests: (thresholds: Values<T>, context: AlertContext) => AlertTests;
}

/** Numbers that a fleet sets otherwise. */
export interface AlertChange {
  readonly severity?: Severity | undefined;
  readonly forSeconds?: number | undefined;
  readonly thresholds: Readonly<Record<string, number>>;
}

/** Where an alert's numbers come from. */
export interface AlertSettings {
  readonly scrapeIntervalSeconds: number;
  /** URL or path of the folder of runbooks, without the last slash. */
  readonly runbooks: string;
}

/** An alert before a fleet's numbers are filled in. */
export interface Alert {
  readonly name: string;
  readonly group: AlertGroup;
  readonly severity: Severity;
  readonly forSeconds: number;
  readonly service: string | undefined;
  readonly component: string | undefined;
  readonly summary: string;
  readonly thresholds: Thresholds;
  readonly runbook: Runbook;
  readonly causes: readonly Cause[];
  readonly worse: string | undefined;
  readonly fires: "above" | "below";
  /** Thresholds with what a fleet changes. */
  readonly values: (change?: AlertChange) => Readonly<Record<string, number>>;
  readonly rule: (settings: AlertSettings, change?: AlertChange) => AlertRule;
}

/**
 * One alert, from which follow its rule, the tests of the rule, its runbook, its route case, and the settings of the
 * fleet file that change it.
 */
export function defineAlert<const T extends Readonly<Record<string, Threshold>>>(
  spec: AlertSpec<T>,
): Alert {
  const values = (change?: AlertChange) =>
    Object.fromEntries(
      Object.entries(spec.thresholds).map(([key, threshold]) => [
        key,
        change?.thresholds[key] ?? threshold.default,
      ]),
    ) as Values<T>;
  return {
    name: spec.name,
    group: spec.group,
    severity: spec.severity,
    forSeconds: spec.forSeconds,
    service: spec.service,
    component: spec.component,
    summary: spec.summary,
    thresholds: spec.thresholds,
    runbook: spec.runbook,
    causes: spec.causes ?? [],
    worse: spec.worse,
    fires: spec.fires ?? "above",
    values,
    rule: (settings, change) => {
      const forSeconds = change?.forSeconds ?? spec.forSeconds;
      const context = { scrapeIntervalSeconds: settings.scrapeIntervalSeconds, forSeconds };
      const thresholds = values(change);
      return {
        name: spec.name,
        group: spec.group,
        expr: spec.expr(thresholds, context),
        forSeconds,
        ...(spec.keepFiringSeconds !== undefined && { keepFiringSeconds: spec.keepFiringSeconds }),
        labels: {
          severity: change?.severity ?? spec.severity,
          ...(spec.service !== undefined && { service: spec.service }),
          ...(spec.component !== undefined && { component: spec.component }),
        },
        annotations: {
          summary: spec.summary,
          description: spec.description(thresholds, context),
          runbook_url: `${settings.runbooks}/${spec.name}.md`,
        },
        // Most callers want the rule alone, and the series of tests are long.
        get tests() {
          return spec.tests(thresholds, context);
        },
      };
    },
  };
}
