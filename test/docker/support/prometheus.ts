/** A scrape target as Prometheus knows it. */
export interface Target {
  readonly health: string;
  readonly lastError: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reads the console of the fleet's Prometheus. */
export class PrometheusApi {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async targets(): Promise<readonly Target[]> {
    const { activeTargets } = await this.#get<{ activeTargets: Target[] }>("targets?state=active");
    return activeTargets;
  }

  /** Value of each series of an instant query, by its job. */
  async byJob(query: string): Promise<Record<string, number>> {
    const { result } = await this.#get<{
      result: { metric: { job: string }; value: [number, string] }[];
    }>(`query?query=${encodeURIComponent(query)}`);
    return Object.fromEntries(result.map(({ metric, value }) => [metric.job, Number(value[1])]));
  }

  /** Labels of every series that a scrape of the last five minutes brought, its name among them. */
  series(): Promise<readonly Readonly<Record<string, string>>[]> {
    const match = encodeURIComponent('{job=~".+"}');
    const start = Math.floor(Date.now() / 1000) - 300;
    return this.#get(`series?match[]=${match}&start=${start}`);
  }

  /** Metric -> type, as targets declare it. */
  async types(): Promise<ReadonlyMap<string, string>> {
    const declared = await this.#get<Record<string, { type: string }[]>>("metadata");
    return new Map(Object.entries(declared).map(([name, [first]]) => [name, first!.type]));
  }

  async #get<Data>(path: string): Promise<Data> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`Prometheus answered ${response.status} to ${path}`);
    return ((await response.json()) as { data: Data }).data;
  }
}

/** Names of the alerts that an Alertmanager holds. */
export async function alertsAt(alertmanagerUrl: string): Promise<string[]> {
  const response = await fetch(`${alertmanagerUrl}/api/v2/alerts`);
  const alerts = (await response.json()) as { labels: { alertname: string } }[];
  return alerts.map(({ labels }) => labels.alertname);
}
