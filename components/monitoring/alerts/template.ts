/** What Prometheus makes of a text: the annotations that a test expects are not written a second time by hand. */
export function fillTemplate(
  text: string,
  labels: Readonly<Record<string, string>>,
  value: number | undefined,
): string {
  const filled = text
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, name: string) => labels[name] ?? "")
    .replaceAll(/\{\{ \$value \| (\w+) \}\}/g, (all, name: string) => {
      const format = formats[name];
      return format && value !== undefined ? format(value) : all;
    });
  if (filled.includes("{{")) throw new Error(`a text cannot be filled in for a test: ${filled}`);
  return filled;
}

const formats: Readonly<Record<string, (value: number) => string>> = {
  humanize,
  humanizePercentage: (value) => `${fourDigits(value * 100)}%`,
  humanizeDuration: duration,
};

const prefixes = ["", "k", "M", "G", "T"] as const;

function humanize(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) < 1) return `${fourDigits(value * 1000)}m`;
  const power = Math.min(Math.floor(Math.log10(Math.abs(value)) / 3), prefixes.length - 1);
  return fourDigits(value / 1000 ** power) + prefixes[power]!;
}

function duration(seconds: number): string {
  if (seconds === 0) return "0s";
  if (seconds < 1) return `${fourDigits(seconds * 1000)}ms`;
  if (seconds < 60) return `${fourDigits(seconds)}s`;
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ];
  const start = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(start)
    .map(([count, unit]) => `${count}${unit}`)
    .join(" ");
}

/** Go's `%.4g` for numbers below 10000. */
function fourDigits(value: number): string {
  return String(Number(value.toPrecision(4)));
}
