import type { Relabelling } from "../platform/platform.ts";
import type { MonitoringSpec } from "./monitoring.schema.ts";
import { promDuration } from "./rules.render.ts";
import type { ScrapeTarget } from "./scrape-target.ts";

/**
 * Bounds of one scrape. A part that exceeds them is shown as down instead of filling the memory of Prometheus; the
 * largest, a gateway with a hundred routes, stays below a tenth.
 */
const limits = {
  sample_limit: 50_000,
  body_size_limit: "16MB",
  label_limit: 40,
  label_name_length_limit: 128,
  label_value_length_limit: 1024,
};

/** How every target is scraped. */
export function scrapeSettings({
  scrapeIntervalSeconds,
  scrapeTimeoutSeconds,
}: MonitoringSpec["prometheus"]) {
  return {
    pace: {
      scrape_interval: promDuration(scrapeIntervalSeconds),
      // Prometheus refuses a timeout above the interval: a shorter interval shortens both.
      scrape_timeout: promDuration(Math.min(scrapeTimeoutSeconds, scrapeIntervalSeconds)),
    },
    bounds: limits,
  };
}

/** Our servers name themselves on every series: the same name twice says nothing. Any other claim stays visible. */
export function metricRelabellings({ labels }: Pick<ScrapeTarget, "labels">): Relabelling[] {
  if (labels.component !== "mcp-server") return [];
  return [
    {
      source_labels: ["exported_service"],
      regex: labels.service,
      target_label: "exported_service",
      replacement: "",
    },
  ];
}
