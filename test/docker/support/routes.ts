import { parse } from "yaml";

/**
 * What a gateway configuration routes, without the host names of one release: the addresses it listens on and the
 * port behind each backend.
 */
export function routesOf(config: string): { binds: string[]; backends: Record<string, string[]> } {
  const binds: string[] = [];
  const backends: Record<string, string[]> = {};
  let section = "";
  for (const line of config.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "backend") section = words[1] ?? "";
    if (words[0] === "bind") binds.push(words.slice(1).join(" "));
    if (words[0] === "server") {
      const port = words[2]?.split(":").at(-1) ?? "";
      (backends[section] ??= []).push([port, ...words.slice(3)].join(" "));
    }
  }
  return { binds, backends };
}

interface ScrapeConfig {
  readonly job_name: string;
  readonly static_configs: readonly {
    readonly targets: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }[];
}

/** Jobs of a Prometheus configuration, without host names: job -> ports and labels. */
export function scrapeJobsOf(config: string): Record<string, unknown> {
  const { scrape_configs } = parse(config) as { scrape_configs: readonly ScrapeConfig[] };
  return Object.fromEntries(
    scrape_configs.map(({ job_name, static_configs }) => [
      job_name,
      static_configs.map(({ targets, labels }) => ({
        ports: targets.map((target) => target.split(":").at(-1)),
        labels,
      })),
    ]),
  );
}
