/** Kubernetes keeps at most this many decimal places of a quantity, and rounds up. */
const DECIMAL_PLACES = 9;
const NANO = 10n ** BigInt(DECIMAL_PLACES);

const DECIMAL_SUFFIXES = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY_SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/**
 * The one way in which the API server writes a quantity: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`. Without
 * it every preview would show a difference between what was declared and what is there.
 *
 * @returns undefined for what is no quantity
 */
export function canonicalQuantity(text: string): string | undefined {
  const parts = QUANTITY.exec(text.trim());
  if (parts === null) return undefined;
  const [, sign = "", whole = "", fraction = "", e, exponent = "0", suffix = ""] = parts;
  if (whole + fraction === "") return undefined;
  const binary = BINARY_SUFFIXES.indexOf(suffix);
  const scale = binary > 0 ? 0 : e !== undefined ? Number(exponent) : decimalExponent(suffix);
  const factor = binary > 0 ? 1024n ** BigInt(binary) : 1n;
  const nanos = scaledUp(BigInt(whole + fraction) * factor, scale - fraction.length);
  const digits =
    binary > 0 && nanos >= 1024n * NANO
      ? writeBinary(roundUp(nanos, NANO))
      : writeDecimal(nanos, e !== undefined);
  return sign === "-" && nanos !== 0n ? `-${digits}` : digits;
}

function decimalExponent(suffix: string): number {
  return (DECIMAL_SUFFIXES.indexOf(suffix) - DECIMAL_SUFFIXES.indexOf("")) * 3;
}

/** Billionths of `value * 10^exponent`, rounded up. */
function scaledUp(value: bigint, exponent: number): bigint {
  const places = exponent + DECIMAL_PLACES;
  return places >= 0 ? value * 10n ** BigInt(places) : roundUp(value, 10n ** BigInt(-places));
}

function roundUp(value: bigint, unit: bigint): bigint {
  return (value + unit - 1n) / unit;
}

function writeBinary(value: bigint): string {
  let mantissa = value;
  let power = 0;
  while (mantissa % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    mantissa /= 1024n;
    power++;
  }
  return `${mantissa}${BINARY_SUFFIXES[power] ?? ""}`;
}

function writeDecimal(nanos: bigint, withExponent: boolean): string {
  if (nanos === 0n) return "0";
  let mantissa = nanos;
  let thousands = 0;
  while (mantissa % 1000n === 0n && thousands < DECIMAL_SUFFIXES.length - 1) {
    mantissa /= 1000n;
    thousands++;
  }
  const exponent = thousands * 3 - DECIMAL_PLACES;
  if (!withExponent) return `${mantissa}${DECIMAL_SUFFIXES[thousands] ?? ""}`;
  return exponent === 0 ? String(mantissa) : `${mantissa}e${exponent}`;
}
