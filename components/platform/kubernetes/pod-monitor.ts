import type { Discovery, ScrapeJob } from "../platform.ts";
import { asLabels, byAddress, byName } from "./pod-relabelling.ts";

/** Labels that the operator gives of itself, and our own jobs do not: `instance` says it all. */
const operatorsOwn = "container|pod|endpoint";

/**
 * Spec of a PodMonitor whose series have the labels that our own job gives them, and `namespace`.
 *
 * It says nothing of a release: an operator's Prometheus takes up to two minutes to hear of a change, and new pods must
 * not wait for that. Pods of both releases are scraped while both are there.
 *
 * @param selector labels of the component's pods, of whatever release.
 */
export function podMonitorSpec(
  selector: Readonly<Record<string, string>>,
  {
    job,
    found,
    port,
    labels,
    pace,
    bounds,
    metricRelabelings,
  }: Omit<ScrapeJob, "found"> & { readonly found: string | Discovery },
) {
  return {
    selector: { matchLabels: { ...selector } },
    ...asFields(bounds),
    podMetricsEndpoints: [
      {
        interval: pace.scrape_interval,
        scrapeTimeout: pace.scrape_timeout,
        relabelings: [
          ...addressRules(found, port),
          { action: "labeldrop", regex: operatorsOwn },
          ...asLabels({ job, ...labels }),
        ].map((rule) => asFields(rule)),
        ...(metricRelabelings.length > 0 && {
          metricRelabelings: metricRelabelings.map((rule) => asFields(rule)),
        }),
      },
    ],
  };
}

function addressRules(found: string | Discovery, port: number) {
  if (typeof found === "string") {
    return [{ target_label: "__address__", replacement: `${found}:${port}` }];
  }
  if (found.domain === undefined) return byAddress(port);
  // The set, and with it the release, stands in the name of the pod as well: `scene-1a2b3c4-0`.
  const behind = found.domain.slice(found.domain.indexOf(".") + 1);
  return byName("((.+)-[0-9]+)", `$1.$2.${behind}`, port);
}

/** The operator's fields are Prometheus's words in camel case. */
function asFields(words: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(words).map(([word, value]: [string, unknown]) => [
      word.replaceAll(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
