import type { Series } from "../prometheus-queries.ts";

/** What a legend says: `{{label}}` filled in; without a template, name and labels. */
export function seriesName(template: string | undefined, { labels }: Series): string {
  if (template) {
    return template
      .replace(/\{\{\s*(\w+)\s*\}\}/g, (_all, label: string) => labels[label] ?? "")
      .trim();
  }
  const { __name__: name = "", ...rest } = labels;
  const parts = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return parts.length > 0 ? `${name}{${parts.join(", ")}}` : name;
}

/** The last number of a series. */
export function lastValue({ points }: Series): number | undefined {
  return points.filter(([, value]) => Number.isFinite(value)).at(-1)?.[1];
}
