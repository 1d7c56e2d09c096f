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
 * @param foreign labels of the fleet's targets, where Prometheus has those of others as well, and jobs that it must have.
 */
export async function checkTargets(
  prometheusUrl: string,
  fetchBy: FetchBy,
  foreign?: { readonly scope: Scope; readonly jobs: readonly string[] },
): Promise<ComponentHealth> {
  const component = "scrape targets";
  try {
    return {
      component,
      ...(foreign
        ? await amongOthers(prometheusUrl, fetchBy, foreign)
        : await ofItsOwn(prometheusUrl, fetchBy)),
    };
  } catch (error) {
    return { component, healthy: false, detail: (error as Error).message };
  }
}

type Finding = Pick<ComponentHealth, "healthy" | "detail">;

async function ofItsOwn(prometheusUrl: string, fetchBy: FetchBy): Promise<Finding> {
  const response = await fetchBy(`${prometheusUrl}/api/v1/targets?state=active`, {
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`Prometheus answered ${response.status}`);
  const { activeTargets } = ((await response.json()) as Targets).data;
  const down = activeTargets.filter(({ health }) => health !== "up");
  const said = down.map(
    ({ labels, lastError }) => `${labels["job"]}: ${lastError || "not scraped yet"}`,
  );
  return counted(activeTargets.length, said);
}

/** By `up`: the list of targets has those of the whole cluster, and cannot be narrowed. */
async function amongOthers(
  prometheusUrl: string,
  fetchBy: FetchBy,
  { scope, jobs }: { readonly scope: Scope; readonly jobs: readonly string[] },
): Promise<Finding> {
  // It brings a parser of PromQL along, which no other command at its end needs.
  const { PrometheusQueries } = await import("../dashboards/prometheus-queries.ts");
  const prometheus = new PrometheusQueries(prometheusUrl, fetchBy, scope);
  const targets = await prometheus.instant("up", Date.now() / 1000);
  if (targets.length === 0) return { healthy: false, detail: unknownTo(scope) };
  const down = targets
    .filter(({ points }) => points.at(-1)?.[1] !== 1)
    .map(({ labels }) => `${labels["job"]}: ${labels["pod"] ?? labels["instance"]} is down`);
  const known = new Set(targets.map(({ labels }) => labels["job"]));
  const missing = jobs.filter((job) => !known.has(job));
  const found = counted(targets.length, down);
  if (missing.length === 0) return found;
  return { healthy: false, detail: `${found.detail}; without a target: ${missing.join(", ")}` };
}

function counted(all: number, down: readonly string[]): Finding {
  return {
    healthy: all > 0 && down.length === 0,
    detail: [`${all - down.length} of ${all} up`, ...down].join("; "),
  };
}

function unknownTo(scope: Scope): string {
  const which = Object.entries(scope).map(([label, value]) => `${label}=${value}`);
  return (
    `Prometheus has none with ${which.join(", ")}; it hears of new ones within two minutes, if its operator selects ` +
    "PodMonitors with the labels of mcp-fleet:kubernetes.monitoring.existing in this namespace"
  );
}
