/** `critical` pages, `warning` makes a ticket, `info` is context, `none` is for the machinery itself. */
export const severities = ["critical", "warning", "info", "none"] as const;
export type Severity = (typeof severities)[number];

/** Rule file, and with it the part of the fleet that an alert is about. */
export const alertGroups = [
  "servers",
  "slo-availability",
  "slo-latency",
  "gateway",
  "database",
  "monitoring",
] as const;
export type AlertGroup = (typeof alertGroups)[number];

/**
 * One alert with all numbers filled in: the rule, and what proves it. Tests name the alert by the object that they
 * belong to, because promtool passes a "must stay quiet" test of an alert that does not exist.
 */
export interface AlertRule {
  readonly name: string;
  readonly group: AlertGroup;
  readonly expr: string;
  /** How long the expression has to hold. Seconds. */
  readonly forSeconds: number;
  /** How long it is told after the expression no longer holds. Seconds. */
  readonly keepFiringSeconds?: number;
  readonly labels: RuleLabels;
  /** May use `{{ $labels.x }}` and `{{ $value | humanize }}` and its like; see `template.ts`. */
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
  readonly tests: AlertTests;
}

/**
 * `service` and `component` are on every alert, or inhibition by equal service would match alerts that have neither:
 * given here when the expression's series do not carry them.
 */
interface RuleLabels {
  readonly severity: Severity;
  readonly service?: string;
  readonly component?: string;
}

export interface AlertTests {
  readonly fires: readonly [FiringCase, ...FiringCase[]];
  readonly quiet: readonly [AlertCase, ...AlertCase[]];
}

/** Series with labels -> values in promtool's notation, one per 15 s. */
export type InputSeries = Readonly<Record<string, string>>;

export interface AlertCase {
  readonly name: string;
  readonly series: InputSeries;
  /** When to look. Seconds. */
  readonly atSeconds: number;
  /** Spacing of the values and of the evaluations. Default: 15. Seconds. */
  readonly stepSeconds?: number;
}

export interface FiringCase extends AlertCase {
  readonly firing: readonly [FiringAlert, ...FiringAlert[]];
  /** Only whether it fires is tested, not its texts: the measured value depends on the moment. */
  readonly only?: "labels";
}

export interface FiringAlert {
  /** Labels that the alert has from its series; those of the rule are added. */
  readonly labels: Readonly<Record<string, string>>;
  /** Value of the expression, for texts that show it. */
  readonly value?: number;
}

/** A series that is computed once and read by many; named `level:metric:operation`. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly tests: readonly [RecordingCase, ...RecordingCase[]];
}

interface RecordingCase {
  readonly name: string;
  readonly series: InputSeries;
  /** When to look. Seconds. */
  readonly atSeconds: number;
  /** Labels in promtool's notation (`{service="scene"}`) -> value; empty: no series at all. */
  readonly expected: Readonly<Record<string, number>>;
}
