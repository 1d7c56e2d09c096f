/** Runs in the browser too: no imports of Node. */

/** Seconds of each, largest first. */
const spans = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
] as const;

/**
 * A number in one of Grafana's units, as a person would write it: `0.0123` s -> `12.3 ms`.
 *
 * @param decimals digits after the point; default: three significant digits.
 */
export function formatValue(value: number, unit: string, decimals?: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  switch (unit) {
    case "percentunit":
      return `${digits(value * 100, decimals)} %`;
    case "ms":
      return Math.abs(value) >= 1000
        ? formatValue(value / 1000, "s", decimals)
        : `${digits(value, decimals)} ms`;
    case "s":
      return seconds(value, decimals);
    case "dtdurations":
      return duration(value);
    case "bytes":
      return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB"], decimals);
    case "Bps":
      return `${scaled(value, 1024, ["B", "KiB", "MiB", "GiB"], decimals)}/s`;
    case "reqps":
    case "ops":
      return `${digits(value, decimals)}/s`;
    case "dateTimeAsIso":
      return new Date(value).toISOString().slice(0, 19).replace("T", " ");
    default:
      return Math.abs(value) >= 10_000
        ? scaled(value, 1000, ["", "k", "M", "G"], decimals)
        : digits(value, decimals);
  }
}

function seconds(value: number, decimals: number | undefined): string {
  const size = Math.abs(value);
  if (size >= 60) return duration(value);
  if (size >= 1 || size === 0) return `${digits(value, decimals)} s`;
  return size >= 0.001
    ? `${digits(value * 1000, decimals)} ms`
    : `${digits(value * 1_000_000, decimals)} µs`;
}

function duration(value: number): string {
  const [size, name] = spans.find(([size]) => Math.abs(value) >= size) ?? [1, "s"];
  return `${digits(value / size, Math.abs(value / size) < 10 && size > 1 ? 1 : 0)} ${name}`;
}

function scaled(
  value: number,
  base: number,
  names: readonly string[],
  decimals: number | undefined,
): string {
  const power = Math.min(
    names.length - 1,
    Math.max(0, Math.floor(Math.log(Math.abs(value) || 1) / Math.log(base))),
  );
  return `${digits(value / base ** power, decimals)} ${names[power] ?? ""}`.trim();
}

function digits(value: number, decimals: number | undefined): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  return String(Number(Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)));
}
