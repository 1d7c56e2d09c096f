import type { SeriesLabels, SeriesName } from "../metrics.ts";

/** Any way to match a label but equality with a value that is written out. */
export interface Match {
  readonly operator: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

/** Equal to a value that is known only when rules are made, such as a name from the fleet file. */
export const equal = (value: string): Match => ({ operator: "=", value });
export const not = (value: string): Match => ({ operator: "!=", value });
/** By a regular expression (RE2), which has to match the whole value. */
export const matching = (regex: string): Match => ({ operator: "=~", value: regex });
export const notMatching = (regex: string): Match => ({ operator: "!~", value: regex });

type ValueOf<V> = V extends readonly (infer Value extends string)[]
  ? Value | Match
  : string | Match;

/** Matchers that fit a series: its labels only, and of labels with known values only those. */
export type Matchers<S extends SeriesName> = {
  readonly [L in keyof SeriesLabels[S]]?: ValueOf<SeriesLabels[S][L]>;
};

/**
 * An instant selector, labels in order. A name, label or value outside the catalogue is a type error:
 * `rate(${select("mcp_requests_total", { service: "scene" })}[5m])`.
 */
export function select<S extends SeriesName>(name: S, matchers: Matchers<S> = {}): string {
  const parts = Object.entries(matchers as Readonly<Record<string, string | Match>>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, matcher]) => {
      const { operator, value } = typeof matcher === "string" ? equal(matcher) : matcher;
      return `${label}${operator}${JSON.stringify(value)}`;
    });
  return parts.length === 0 ? name : `${name}{${parts.join(", ")}}`;
}
