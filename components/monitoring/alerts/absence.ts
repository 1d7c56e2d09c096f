import { select } from "../metrics/select.ts";
import type { ScrapeTarget } from "../scrape-target.ts";
import type { AlertRule } from "./alert-rule.ts";

/** Alerts on parts that do not answer -> what they are about. */
const outages: Readonly<Record<string, ScrapeTarget["labels"]["component"] | undefined>> = {
  ServiceDown: "mcp-server",
  GatewayDown: "gateway",
  ExporterDown: "database",
};

/**
 * An alert on an outage that fires for a part without any target as well. Our own Prometheus has the copies that must be
 * there by name; one that finds them in the list of pods alone knows nothing of a part whose pods are not scheduled.
 */
export function withAbsence(
  { name, group, expr, forSeconds, labels, annotations }: AlertRule,
  targets: readonly Pick<ScrapeTarget, "labels">[],
): Omit<AlertRule, "tests"> {
  const absent = targets
    .filter((target) => target.labels.component === outages[name])
    .map(({ labels: { service, component } }) => select("up", { service, component }))
    .sort()
    // As bad as one that is down.
    .map((series) => `0 * absent(${series})`);
  return { name, group, expr: [expr, ...absent].join(" or "), forSeconds, labels, annotations };
}
