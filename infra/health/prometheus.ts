import type { Scope } from "../../components/monitoring/scope.render.ts";
import type { ComponentHealth, FetchBy } from "./report.ts";

interface Targets {
  readonly data: {
    readonly activeTargets: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly health: string;
      readonly lastError: string;
    }[];
  };
}

/**
 * Every scrape target of the fleet: up or not.
 *
 * @param scope labels of the fleet's targets, where Prometheus has those of others as well.
 */
export async function checkTargets(
  prometheusUrl: string,
  fetchBy: FetchBy,
  scope?: Scope,
): Promise<ComponentHealth> {
  const component = "scrape targets";
  try {
    const response = await fetchBy(`${prometheusUrl}/api/v1/targets?state=active`, {
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok)
      return { component, healthy: false, detail: `Prometheus answered ${response.status}` };
    const { activeTargets } = ((await response.json()) as Targets).data;
    const own = activeTargets.filter(({ labels }) =>
      Object.entries(scope ?? {}).every(([label, value]) => labels[label] === value),
    );
    if (scope && own.length === 0) return { component, healthy: false, detail: unknownTo(scope) };
    const down = own.filter(({ health }) => health !== "up");
    return {
      component,
      healthy: down.length === 0 && own.length > 0,
      detail:
        `${own.length - down.length} of ${own.length} up` +
        down
          .map(({ labels, lastError }) => `; ${labels["job"]}: ${lastError || "not scraped yet"}`)
          .join(""),
    };
  } catch (error) {
    return { component, healthy: false, detail: `Prometheus: ${(error as Error).message}` };
  }
}

function unknownTo(scope: Scope): string {
  const which = Object.entries(scope).map(([label, value]) => `${label}=${value}`);
  return (
    `Prometheus has none with ${which.join(", ")}; it hears of new ones within two minutes, if its operator selects ` +
    "PodMonitors with the labels of mcp-fleet:kubernetes.monitoring.existing in this namespace"
  );
}
