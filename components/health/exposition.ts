/** One series of a Prometheus text exposition. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+([+-]?(?:Inf|NaN|[0-9.eE+-]+))(?:[ \t]+-?\d+)?[ \t]*$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/** Series of a text exposition; comments and lines that are none are left out. */
export function parseExposition(text: string): readonly Series[] {
  return text.split("\n").flatMap((row): Series[] => {
    const [, name, labels = "", value] = line.exec(row) ?? [];
    if (name === undefined || value === undefined) return [];
    return [
      {
        name,
        labels: Object.fromEntries(
          [...labels.matchAll(label)].map(([, key, quoted]) => [key!, unescape(quoted!)]),
        ),
        value: numberOf(value),
      },
    ];
  });
}

/** A number as Prometheus writes it: `+Inf`, `NaN`, `1e-3`. */
export function numberOf(text: string): number {
  return /^[+-]?Inf$/.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text);
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, (_all, char: string) => (char === "n" ? "\n" : char));
}

/**
 * Estimate of a quantile from cumulative buckets, as Prometheus does it: linear within a bucket, and the last finite
 * bound for what lies beyond it.
 *
 * @param buckets upper bound -> count of everything up to it; `Infinity` counts all.
 */
export function bucketQuantile(
  quantile: number,
  buckets: ReadonlyMap<number, number>,
): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = quantile * total;
  let lower = 0;
  let below = 0;
  for (const [bound, count] of sorted) {
    if (count >= rank && count > below) {
      if (bound === Infinity) return lower;
      return lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    if (bound !== Infinity) lower = bound;
    below = count;
  }
  return lower;
}
