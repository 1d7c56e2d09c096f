import { alertmanagerPort, prometheusPort } from "./prometheus.render.ts";
import { promDuration, yamlFile } from "./rules.render.ts";

/** Identity of the data sources: dashboards refer to these, so they never change. */
export const datasourceUids = { prometheus: "prometheus", alertmanager: "alertmanager" } as const;

export interface GrafanaInput {
  /** Host names on the network `obs`. */
  readonly prometheus: string;
  readonly alertmanager: string;
  /** So that `$__rate_interval` spans enough samples. Seconds. */
  readonly scrapeIntervalSeconds: number;
}

/** Directory of the dashboards inside the container; the provider file lies beside them. */
export const dashboardsPath = "/etc/grafana/provisioning/dashboards";

/** Content of `provisioning/datasources`, file name -> content. */
export function renderGrafanaDatasources(input: GrafanaInput): Record<string, string> {
  return {
    "datasources.yml": yamlFile({
      apiVersion: 1,
      prune: true,
      datasources: [
        {
          name: "Prometheus",
          uid: datasourceUids.prometheus,
          type: "prometheus",
          access: "proxy",
          url: `http://${input.prometheus}:${prometheusPort}`,
          isDefault: true,
          editable: false,
          jsonData: {
            httpMethod: "POST",
            prometheusType: "Prometheus",
            timeInterval: promDuration(input.scrapeIntervalSeconds),
          },
        },
        {
          name: "Alertmanager",
          uid: datasourceUids.alertmanager,
          type: "alertmanager",
          access: "proxy",
          url: `http://${input.alertmanager}:${alertmanagerPort}`,
          editable: false,
          jsonData: { implementation: "prometheus", handleGrafanaManagedAlerts: false },
        },
      ],
    }),
  };
}

/**
 * Content of `provisioning/dashboards`, file name -> content: the provider and the dashboards that it loads.
 *
 * @param dashboards file name, ending in `.json` -> dashboard.
 */
export function renderGrafanaDashboards(
  dashboards: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...dashboards,
    "provider.yml": yamlFile({
      apiVersion: 1,
      providers: [
        {
          name: "mcp-fleet",
          folder: "MCP fleet",
          type: "file",
          disableDeletion: true,
          allowUiUpdates: false,
          options: { path: dashboardsPath, foldersFromFilesStructure: false },
        },
      ],
    }),
  };
}
