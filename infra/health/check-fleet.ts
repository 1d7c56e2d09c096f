import type { Scope } from "../../components/monitoring/scope.render.ts";
import type { Site } from "../platforms/site.ts";
import { sharedJobs } from "../../components/monitoring/scrape-target.ts";
import { checkServer } from "./mcp.ts";
import { checkTargets } from "./prometheus.ts";
import type { ComponentHealth, FetchBy } from "./report.ts";

/** What is needed of the stack's outputs to ask the fleet from outside. */
export interface FleetAddresses {
  /** Server name -> MCP URL. */
  readonly servers: Readonly<Record<string, string>>;
  readonly prometheusUrl: string;
  /**
   * Labels of the fleet's targets.
   *
   * @default - Prometheus has no others
   */
  readonly prometheusScope?: Scope;
  readonly token: string;
}

/** Every part of the fleet: what the platform says of it, and for servers and targets what a client really gets. */
export async function checkFleet(
  site: Pick<Site, "checkParts" | "fetch">,
  addresses: FleetAddresses,
): Promise<ComponentHealth[]> {
  const fetchBy: FetchBy = (url, init) => site.fetch(url, init);
  const [parts, servers, targets] = await Promise.all([
    site.checkParts(),
    Promise.all(
      Object.entries(addresses.servers).map(([name, url]) =>
        checkServer(name, url, addresses.token, fetchBy),
      ),
    ),
    checkTargets(addresses.prometheusUrl, fetchBy, foreignTargets(addresses)),
  ]);
  return [...merge(parts, servers), targets];
}

/** What a Prometheus of somebody else has to have of any fleet. */
function foreignTargets({ prometheusScope: scope, servers }: FleetAddresses) {
  return scope && { scope, jobs: [...Object.keys(servers), ...sharedJobs] };
}

/** One line per component: a server is healthy if its platform and its protocol say so. */
function merge(...reports: readonly (readonly ComponentHealth[])[]): ComponentHealth[] {
  const merged = new Map<string, ComponentHealth>();
  for (const entry of reports.flat()) {
    const before = merged.get(entry.component);
    merged.set(
      entry.component,
      before
        ? {
            component: entry.component,
            healthy: before.healthy && entry.healthy,
            ...(before.starting && entry.healthy && { starting: true as const }),
            detail: `${before.detail}; ${entry.detail}`,
          }
        : entry,
    );
  }
  return [...merged.values()];
}
