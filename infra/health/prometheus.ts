import type { ComponentHealth, FetchBy } from "./report.ts";

interface Targets {
  readonly data: {
    readonly activeTargets: readonly {
      readonly labels: { readonly job: string };
      readonly health: string;
      readonly lastError: string;
    }[];
  };
}

/** Every scrape target of the fleet's Prometheus: up or not. */
export async function checkTargets(
  prometheusUrl: string,
  fetchBy: FetchBy,
): Promise<ComponentHealth> {
  const component = "scrape targets";
  try {
    const response = await fetchBy(`${prometheusUrl}/api/v1/targets?state=active`, {
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok)
      return { component, healthy: false, detail: `Prometheus answered ${response.status}` };
    const { activeTargets } = ((await response.json()) as Targets).data;
    const down = activeTargets.filter(({ health }) => health !== "up");
    return {
      component,
      healthy: down.length === 0 && activeTargets.length > 0,
      detail:
        `${activeTargets.length - down.length} of ${activeTargets.length} up` +
        down
          .map(({ labels, lastError }) => `; ${labels.job}: ${lastError || "not scraped yet"}`)
          .join(""),
    };
  } catch (error) {
    return { component, healthy: false, detail: `Prometheus: ${(error as Error).message}` };
  }
}
