import type { FleetDashboard } from "../../components/monitoring/dashboards/define-dashboard.ts";
import {
  builtInVariables,
  interpolate,
} from "../../components/monitoring/dashboards/interpolate.ts";
import {
  readDashboard,
  type DashboardFile,
  type PanelFile,
} from "../../components/monitoring/dashboards/read-dashboard.ts";

export interface GrafanaArgs {
  /** Without a slash at its end. */
  readonly url: string;
  /** `user:password`. */
  readonly login: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Variable -> values, as a person would pick them. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
}

export interface GrafanaReport {
  readonly panels: number;
  readonly queries: number;
  /** Queries without data for a listed reason. */
  readonly explained: readonly string[];
  readonly problems: readonly string[];
}

interface QueryAnswer {
  readonly results?: Readonly<
    Record<
      string,
      {
        readonly error?: string;
        readonly frames?: readonly { readonly data?: { readonly values?: readonly unknown[][] } }[];
      }
    >
  >;
  readonly message?: string;
}

/**
 * Asks a real Grafana for everything that was provisioned: the data source, every dashboard as it keeps it, and the
 * answer to the queries of every panel by way of its own data source.
 */
export async function checkGrafana(
  dashboards: readonly FleetDashboard[],
  args: GrafanaArgs,
): Promise<GrafanaReport> {
  const api = new GrafanaApi(args);
  const problems: string[] = [];
  const explained: string[] = [];
  let [panels, queries] = [0, 0];
  const health = await api.get<{ status?: string; message?: string }>(
    "datasources/uid/prometheus/health",
  );
  if (health.status !== "OK")
    problems.push(`data source prometheus: ${health.message ?? "no answer"}`);
  for (const fleetDashboard of dashboards) {
    const { uid, emptyWhen } = fleetDashboard;
    const file = readDashboard(fleetDashboard);
    problems.push(...(await keptProblems(api, uid, file)));
    for (const panel of file.panels.filter(({ targets }) => (targets ?? []).length > 0)) {
      panels += 1;
      const answer = await api.post<QueryAnswer>("ds/query", queryOf(panel, args));
      for (const { refId = "" } of panel.targets ?? []) {
        queries += 1;
        const place = `${panel.title ?? ""}/${refId}`;
        const result = answer.results?.[refId];
        const error = result?.error ?? (result ? undefined : (answer.message ?? "no answer"));
        if (error !== undefined) problems.push(`${uid} ${place}: ${error}`);
        else if (!hasValues(result?.frames)) {
          const reason = emptyWhen[place];
          if (reason === undefined) problems.push(`${uid} ${place}: no data`);
          else explained.push(`${uid} ${place}: ${reason}`);
        }
      }
    }
  }
  return { panels, queries, explained, problems };
}

/** Grafana migrates what it reads: panels, queries and variables have to come out as they went in. */
async function keptProblems(api: GrafanaApi, uid: string, file: DashboardFile): Promise<string[]> {
  const kept = await api.get<{
    readonly meta?: { readonly provisioned?: boolean };
    readonly dashboard?: DashboardFile;
    readonly message?: string;
  }>(`dashboards/uid/${uid}`);
  if (!kept.dashboard) return [`${uid}: ${kept.message ?? "not there"}`];
  const shape = ({ panels, templating }: DashboardFile) =>
    JSON.stringify({
      panels: panels.map(({ id, type, title, targets = [] }) => [
        ...[id, type, title],
        targets.map(({ refId, expr }) => [refId, expr]),
      ]),
      variables: templating.list.map(({ name }) => name),
    });
  return [
    ...(kept.meta?.provisioned === true ? [] : [`${uid}: is not provisioned`]),
    ...(shape(kept.dashboard) === shape(file) ? [] : [`${uid}: Grafana keeps other panels`]),
  ];
}

/** As a browser would send it: Grafana fills in its own variables, the browser those of the dashboard. */
function queryOf({ targets = [] }: PanelFile, { from, to, variables }: GrafanaArgs): object {
  const own = Object.fromEntries(builtInVariables.map((name) => [name, [`$${name}`]]));
  return {
    from: String(from),
    to: String(to),
    queries: targets.map((target) => ({
      ...target,
      expr: interpolate(target.expr, { ...variables, ...own }),
      intervalMs: 15_000,
      maxDataPoints: 500,
    })),
  };
}

function hasValues(
  frames: readonly { readonly data?: { readonly values?: readonly unknown[][] } }[] = [],
): boolean {
  return frames.some(({ data }) =>
    (data?.values ?? [])
      .slice(1)
      .some((column) => column.some((value) => typeof value === "number")),
  );
}

class GrafanaApi {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, login }: Pick<GrafanaArgs, "url" | "login">) {
    this.#url = url;
    this.#headers = {
      authorization: `Basic ${Buffer.from(login).toString("base64")}`,
      "content-type": "application/json",
    };
  }

  get<T>(path: string): Promise<T> {
    return this.#ask<T>(path, {});
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.#ask<T>(path, { method: "POST", body: JSON.stringify(body) });
  }

  /** Errors are answers too: Grafana says what is wrong in them. */
  async #ask<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`${this.#url}/api/${path}`, {
      ...init,
      headers: this.#headers,
      signal: AbortSignal.timeout(30_000),
    });
    return (await response.json()) as T;
  }
}
