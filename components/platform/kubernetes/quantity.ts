const quantity = /^[+]?(\d+(?:\.\d*)?|\.\d+)([eE][-+]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;

const units: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** An amount as Kubernetes writes it, in cores, bytes or pieces: `250m`, `1Gi`, `3`. Undefined if it is none. */
export function amountOf(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 ? value : undefined;
  const match = typeof value === "string" ? quantity.exec(value) : null;
  if (!match) return undefined;
  const [, digits = "", suffix = ""] = match;
  const exponent = /^[eE][-+]?\d+$/.test(suffix);
  return exponent ? Number(digits + suffix) : Number(digits) * (units[suffix] ?? 1);
}
