/** Units of thresholds. Ratios are 0-1; `count` is a plain number. */
export type ThresholdUnit = "ratio" | "milliseconds" | "seconds" | "count" | "perMinute";

/** A number that an alert compares with, and that a fleet may set otherwise. */
export interface Threshold {
  readonly unit: ThresholdUnit;
  readonly default: number;
  /** What it bounds, for the fleet file's description. */
  readonly what: string;
  /** Least and greatest value that makes sense. */
  readonly min?: number;
  readonly max?: number;
}

export type Thresholds = Readonly<Record<string, Threshold>>;
export type Values<T extends Thresholds> = { readonly [K in keyof T]: number };

/** As it may stand in the fleet file: ratios as `5%` or `0.05`, times with their unit, counts as numbers. */
type GivenThreshold = number | string;

const factors: Readonly<Record<ThresholdUnit, Readonly<Record<string, number>>>> = {
  ratio: { "": 1, "%": 0.01 },
  milliseconds: { ms: 1, s: 1000, m: 60_000 },
  seconds: { ms: 0.001, s: 1, m: 60, h: 3600 },
  count: { "": 1 },
  perMinute: { "/min": 1, "/s": 60 },
};

const samples: Readonly<Record<ThresholdUnit, string>> = {
  ratio: "a share such as 5% or 0.05",
  milliseconds: "a time with its unit, such as 250ms or 1s",
  seconds: "a time with its unit, such as 30s or 5m",
  count: "a number without a unit",
  perMinute: "a rate with its unit, such as 5/min or 1/s",
};

const written = /^([0-9]+(?:\.[0-9]+)?)\s*(%|ms|s|m|h|\/min|\/s|)$/;

/** The value in the threshold's unit, or what is allowed instead. */
export function readThreshold(
  threshold: Threshold,
  given: GivenThreshold,
): { readonly value: number } | { readonly allowed: string } {
  const [, digits, unit = ""] = written.exec(String(given)) ?? [];
  const factor = digits === undefined ? undefined : factors[threshold.unit][unit];
  const { min, max } = bounds(threshold);
  if (factor === undefined) return { allowed: samples[threshold.unit] };
  // Twelve digits: 5 % is 0.05, whatever the multiplication makes of it.
  const value = Number((Number(digits) * factor).toPrecision(12));
  if (value >= min && value <= max) return { value };
  const range = [min, max].map((bound) => showThreshold(threshold.unit, bound));
  return {
    allowed: max === Infinity ? `at least ${range[0]}` : `from ${range[0]} to ${range[1]}`,
  };
}

function bounds({ unit, min, max }: Threshold): { min: number; max: number } {
  return { min: min ?? 0, max: max ?? (unit === "ratio" ? 1 : Infinity) };
}

/** For people: `5 %`, `250 ms`, `2 min`. */
export function showThreshold(unit: ThresholdUnit, value: number): string {
  switch (unit) {
    case "ratio":
      return `${short(value * 100)} %`;
    case "milliseconds":
      return value >= 1000 ? showThreshold("seconds", value / 1000) : `${short(value)} ms`;
    case "seconds":
      return value >= 60 && value % 60 === 0 ? `${short(value / 60)} min` : `${short(value)} s`;
    case "count":
      return short(value);
    case "perMinute":
      return `${short(value)} per minute`;
  }
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
