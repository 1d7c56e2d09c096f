/**
 * One alert: the rule, and what proves it. A rule without a test that fires and one that stays quiet is a type error,
 * and tests name the alert by the object that they belong to, because promtool passes a "must stay quiet" test of an
 * alert that does not exist.
 */
export interface AlertRule {
  /** Unique, in camel case, as in ServiceDown. */
  readonly name: string;
  readonly expr: string;
  /** How long the expression has to hold. Seconds. */
  readonly forSeconds: number;
  /**
   * `service` and `component` are on every alert, or inhibition by equal service would match alerts that have neither:
   * given here when the expression's series do not carry them.
   */
  readonly labels: {
    readonly severity: Severity;
    readonly service?: string;
    readonly component?: string;
  };
  readonly annotations: {
    /** One line. May use `{{ $labels.x }}`. */
    readonly summary: string;
    /** What it means and what to look at first. May use `{{ $labels.x }}`. */
    readonly description: string;
  };
  readonly tests: {
    readonly fires: readonly [FiringCase, ...FiringCase[]];
    readonly quiet: readonly [AlertCase, ...AlertCase[]];
  };
}

/** `critical` pages, `warning` makes a ticket, `info` is context, `none` is for the machinery itself. */
type Severity = "critical" | "warning" | "info" | "none";

export interface AlertCase {
  readonly name: string;
  /** Series with labels -> values in promtool's notation, one per 15 s. */
  readonly series: Readonly<Record<string, string>>;
  /** When to look. Seconds. */
  readonly atSeconds: number;
}

export interface FiringCase extends AlertCase {
  /** Labels that each firing alert has from its series; those of the rule are added. */
  readonly firing: readonly [
    Readonly<Record<string, string>>,
    ...(readonly Readonly<Record<string, string>>[]),
  ];
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
  /** Series with labels -> values in promtool's notation, one per 15 s. */
  readonly series: Readonly<Record<string, string>>;
  /** When to look. Seconds. */
  readonly atSeconds: number;
  /** Labels in promtool's notation (`{service="scene"}`) -> value; empty: no series at all. */
  readonly expected: Readonly<Record<string, number>>;
}
