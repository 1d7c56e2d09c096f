/** Name of a variable -> its values; several become an alternative in a regular expression. */
export type Values = Readonly<Record<string, readonly string[]>>;

const use = /\$(?:\{([\w.]+)(?::[\w]+)?\}|([A-Za-z_]\w*))/g;

/** Names that Grafana fills in by itself, of those that occur here. */
export const builtInVariables = ["__rate_interval", "__interval", "__range"] as const;

/** What Grafana fills in for a chart. All in seconds. */
export function builtIns(chart: {
  readonly scrapeIntervalSeconds: number;
  /** Distance of two points. */
  readonly stepSeconds: number;
  /** Width of the whole chart. */
  readonly rangeSeconds: number;
}): Values {
  const { scrapeIntervalSeconds: scrape, stepSeconds: step, rangeSeconds } = chart;
  return {
    // So many seconds that at least four scrapes lie within, and that no sample falls between two points.
    __rate_interval: [`${Math.max(step + scrape, 4 * scrape)}s`],
    __interval: [`${step}s`],
    __range: [`${rangeSeconds}s`],
  };
}

/** Names of the variables that a text uses, in any of the two notations; fields of a series (`__field.x`) are none. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(use)]
    .map(([, braced, bare]) => braced ?? bare ?? "")
    .filter((name) => !/^__(field|value|data|series|from|to)\b/.test(name));
}

/**
 * A query as Grafana would send it.
 *
 * @throws Error naming a variable that has no value.
 */
export function interpolate(text: string, values: Values): string {
  return text.replace(use, (whole, braced: string | undefined, bare: string | undefined) => {
    const chosen = values[braced ?? bare ?? ""];
    if (!chosen) throw new Error(`no value for ${whole} in ${text}`);
    return alternatives(chosen);
  });
}

function alternatives(values: readonly string[]): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  // Inside a PromQL string a backslash is written twice.
  return `(${values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, "\\\\$&")).join("|")})`;
}
