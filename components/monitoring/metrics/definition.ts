/** What a number means; panels and thresholds take their unit from here. `state` is 0 or 1, `unixtime` is in seconds. */
type Unit =
  | "seconds"
  | "milliseconds"
  | "bytes"
  | "count"
  | "ratio"
  | "percent"
  | "state"
  | "unixtime"
  | "info";

/** Values that a label can have; `any`: not known in advance. */
type LabelValues = "any" | readonly string[];
export type Labels = Readonly<Record<string, LabelValues>>;

export interface Metric<
  T extends "gauge" | "counter" | "histogram" | "summary" = MetricType,
  L extends Labels = Labels,
> {
  readonly type: T;
  readonly unit: Unit;
  readonly help: string;
  /** Its own labels; those of the target come on top (`targetLabels`). */
  readonly labels: L;
  /** Absent: every series is there from the first scrape on. Else why it may be missing in a healthy fleet. */
  readonly when?: string;
}

type MetricType = "gauge" | "counter" | "histogram" | "summary";

export type Metrics = Readonly<Record<string, Metric>>;

/** What one program exposes, in the version that runs. */
export interface Exporter<M extends Metrics = Metrics> {
  readonly program: string;
  /** Major and minor version whose `/metrics` this is. */
  readonly version: string;
  readonly metrics: M;
  /** Exposed, and left out on purpose: what nothing here looks at. */
  readonly unlisted: readonly { readonly pattern: RegExp; readonly why: string }[];
}

/** Keeps the names and labels as types. */
export function exporter<const M extends Metrics>(definition: Exporter<M>): Exporter<M> {
  return definition;
}

/** NoInfer: or a metric without labels would take over those of whatever it is assigned to, that is any. */
type Maker<T extends MetricType> = <const L extends Labels = Record<never, never>>(
  unit: Unit,
  help: string,
  labels?: L,
  when?: string,
) => Metric<T, NoInfer<L>>;

function maker<T extends MetricType>(type: T): Maker<T> {
  return <const L extends Labels>(unit: Unit, help: string, labels?: L, when?: string) => ({
    type,
    unit,
    help,
    labels: labels ?? ({} as L),
    ...(when !== undefined && { when }),
  });
}

export const gauge = maker("gauge");
export const counter = maker("counter");
export const histogram = maker("histogram");
export const summary = maker("summary");
