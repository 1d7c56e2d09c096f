import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  dashboardsPath,
  renderGrafanaDashboards,
  renderGrafanaDatasources,
} from "../../../components/monitoring/grafana.render.ts";

describe("Grafana's provisioning", () => {
  it("has data sources with fixed identities that nobody edits", () => {
    const { apiVersion, datasources } = parse(
      renderGrafanaDatasources({
        prometheus: "prom",
        alertmanager: "am",
        scrapeIntervalSeconds: 90,
      })["datasources.yml"]!,
    ) as { apiVersion: number; datasources: Record<string, unknown>[] };
    expect(apiVersion).toBe(1);
    expect(datasources).toMatchObject([
      {
        uid: "prometheus",
        type: "prometheus",
        url: "http://prom:9090",
        isDefault: true,
        editable: false,
        jsonData: { timeInterval: "1m30s" },
      },
      { uid: "alertmanager", type: "alertmanager", url: "http://am:9093", editable: false },
    ]);
  });

  it("loads dashboards from the directory in which they lie, read-only", () => {
    const files = renderGrafanaDashboards({ "overview.json": "{}" });
    expect(Object.keys(files).sort()).toEqual(["overview.json", "provider.yml"]);
    expect(parse(files["provider.yml"]!)).toMatchObject({
      apiVersion: 1,
      providers: [
        {
          type: "file",
          disableDeletion: true,
          allowUiUpdates: false,
          options: { path: dashboardsPath },
        },
      ],
    });
  });
});
