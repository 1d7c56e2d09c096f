import type { FleetDashboard } from "../../components/monitoring/dashboards/define-dashboard.ts";
import {
  labelQuery,
  readDashboard,
  type DashboardFile,
} from "../../components/monitoring/dashboards/read-dashboard.ts";
import { answerDashboard, type Asking } from "./answer-dashboard.ts";
import type { Series } from "./prometheus-queries.ts";

/** A query that a live fleet has nothing to say to. */
interface Missing {
  readonly dashboard: string;
  /** `title of the panel/refId` or `annotation/name`. */
  readonly place: string;
  /** As it was sent. */
  readonly query: string;
  /** Why that may be so; absent: it may not. */
  readonly allowed?: string;
}

export interface DataCheck {
  /** Queries that were asked. */
  readonly asked: number;
  readonly missing: readonly Missing[];
}

/**
 * Asks every query of every dashboard, of a dashboard about one server once for each server.
 *
 * @throws Error naming a query that Prometheus refuses.
 */
export async function checkData(
  dashboards: readonly FleetDashboard[],
  asking: Omit<Asking, "choose">,
): Promise<DataCheck> {
  let asked = 0;
  const missing: Missing[] = [];
  for (const fleetDashboard of dashboards) {
    const dashboard = readDashboard(fleetDashboard);
    for (const choose of await choices(dashboard, asking)) {
      const { panels, annotations } = await answerDashboard(dashboard, { ...asking, choose });
      const queries = [
        ...panels.flatMap(({ panel, answers }) =>
          answers.map(({ target, sent, series }) => ({
            place: `${panel.title ?? ""}/${target.refId ?? ""}`,
            query: sent,
            series,
          })),
        ),
        ...annotations.map(({ annotation, sent, series }) => ({
          place: `annotation/${annotation.name}`,
          query: sent,
          series,
        })),
      ];
      asked += queries.length;
      for (const { place, query } of queries.filter(({ series }) => !hasData(series))) {
        const allowed = fleetDashboard.emptyWhen[place];
        missing.push({
          dashboard: fleetDashboard.uid,
          place,
          query,
          ...(allowed !== undefined && { allowed }),
        });
      }
    }
  }
  return { asked, missing };
}

/** A number, not only the statement that there is none. */
export function hasData(series: readonly Series[]): boolean {
  return series.some(({ points }) => points.some(([, value]) => Number.isFinite(value)));
}

/** Every value of the variables that take one at a time. */
async function choices(
  { templating }: DashboardFile,
  { prometheus, span }: Omit<Asking, "choose">,
): Promise<Record<string, string>[]> {
  let all: Record<string, string>[] = [{}];
  for (const { name, query } of templating.list.filter(({ multi }) => !multi)) {
    const { metric, label } = labelQuery(query);
    const values = await prometheus.labelValues(metric, label, span);
    all = values.flatMap((value) => all.map((chosen) => ({ ...chosen, [name]: value })));
  }
  return all;
}
