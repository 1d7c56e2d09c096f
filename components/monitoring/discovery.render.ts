import type { ScrapeTarget, Whereabouts } from "./scrape-target.ts";

type FoundTarget = ScrapeTarget<Exclude<Whereabouts, string>>;

/**
 * Part of a scrape job whose targets are found in the list of pods. Copies that have to be there are named as well: by
 * the same name they are the same target, so each is scraped once, but one that has no pod is down instead of unknown,
 * and a list that cannot be read hides none of them.
 */
export function discoveredTargets({ address, port, labels }: FoundTarget) {
  const { discovery, expected } = address;
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
      { source_labels: [meta("phase")], regex: "Failed|Succeeded", action: "drop" },
      ...addressRules(discovery.domain, port),
      ...Object.entries<string>({ ...labels }).map(([target_label, replacement]) => ({
        target_label,
        replacement,
      })),
    ],
  };
}

/** The address is the `instance` label, too: the name by which gates and the gateway know a copy, where it has one. */
function addressRules(domain: string | undefined, port: number) {
  // Targets that are named are no pods of the list: they have no such label, and stay as they are.
  const rule = (label: string, regex: string, host: string) => ({
    source_labels: [meta(label)],
    regex,
    target_label: "__address__",
    replacement: `${host}:${port}`,
  });
  if (domain !== undefined) return [rule("name", "(.+)", `$1.${domain}`)];
  return [rule("ip", "([^:]+)", "$1"), rule("ip", "(.*:.*)", "[$1]")];
}

function meta(label: string): string {
  return `__meta_kubernetes_pod_${label}`;
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .sort()
    .join(",");
}
