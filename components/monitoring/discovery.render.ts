import { asLabels, byAddress, byName, podMeta } from "../platform/kubernetes/pod-relabelling.ts";
import type { ScrapeTarget, Whereabouts } from "./scrape-target.ts";

type FoundTarget = ScrapeTarget<Exclude<Whereabouts, string>>;

/**
 * Part of a scrape job whose targets are found in the list of pods. Copies that have to be there are named as well: by
 * the same name they are the same target, so each is scraped once, but one that has no pod is down instead of unknown,
 * and a list that cannot be read hides none of them.
 */
export function discoveredTargets({ address, port, labels }: FoundTarget) {
  const { discovery, expected } = address;
  const { domain } = discovery;
  return {
    ...(expected.length > 0 && {
      static_configs: [{ targets: expected.map((host) => `${host}:${port}`) }],
    }),
    kubernetes_sd_configs: [
      {
        role: "pod",
        namespaces: { own_namespace: true },
        selectors: [{ role: "pod", label: selectorOf(discovery.labels) }],
      },
    ],
    relabel_configs: [
      // What has ended stays in the list for a while.
      { source_labels: [podMeta("phase")], regex: "Failed|Succeeded", action: "drop" },
      ...(domain === undefined ? byAddress(port) : byName("(.+)", `$1.${domain}`, port)),
      ...asLabels(labels),
    ],
  };
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(",");
}
