import { databaseRoles, statsUser } from "../components/database/names.ts";
import { renderPgBouncerIni, renderUserlist } from "../components/database/pgbouncer.render.ts";
import { postgresFiles } from "../components/database/postgres.render.ts";
import { renderRoles } from "../components/database/roles.render.ts";
import { renderClientConfig, renderVsCodeConfig } from "../components/gateway/client-config.ts";
import { renderHaproxy } from "../components/gateway/haproxy.render.ts";
import { renderAlertmanager } from "../components/monitoring/alertmanager.render.ts";
import {
  renderGrafanaDashboards,
  renderGrafanaDatasources,
} from "../components/monitoring/grafana.render.ts";
import {
  renderPrometheus,
  renderPrometheusTests,
} from "../components/monitoring/prometheus.render.ts";
import {
  gatewayTarget,
  pgbouncerTarget,
  postgresTarget,
  serverTarget,
} from "../components/monitoring/scrape-target.ts";
import { schemaOf, serverMetricsPort } from "../components/servers/mcp-server.schema.ts";
import type { FleetSpec } from "./config/index.ts";

/** Stands where a running stack has a generated password; never valid. */
const withheld = "withheld";

/**
 * Every generated file of a fleet, path -> content, without an engine. Host names are the names of the parts; a running
 * stack has generated ones. The same fleet gives the same bytes.
 */
export function renderFleet(spec: FleetSpec): Record<string, string> {
  const { gateway, monitoring, pgbouncer, postgres } = spec;
  const prometheus = {
    fleet: spec.name,
    environment: spec.environment,
    spec: monitoring,
    targets: [
      ...spec.servers.map((server) => serverTarget(server, server.name, serverMetricsPort)),
      gatewayTarget("gateway"),
      postgresTarget("postgres-exporter"),
      pgbouncerTarget("pgbouncer-exporter"),
    ],
    alertmanager: "alertmanager",
  };
  const endpoints = spec.servers.map(({ name }) => ({
    name,
    url: `http://${gateway.bind}:${gateway.port}/${name}/mcp`,
  }));
  return {
    ...inFolder(
      "gateway",
      renderHaproxy({
        spec: gateway,
        routes: spec.servers.map(({ name, port }) => ({
          server: name,
          port,
          backends: [{ name, address: name, port, weight: 100 }],
        })),
        tokens: [],
      }),
    ),
    ...inFolder("postgres", postgresFiles(postgres)),
    ...inFolder("pgbouncer", {
      "pgbouncer.ini": renderPgBouncerIni(pgbouncer, { host: "postgres", database: postgres.name }),
      "userlist.txt": renderUserlist({ [databaseRoles.lookup]: withheld, [statsUser]: withheld }),
    }),
    "migrations/roles.json": renderRoles(
      spec.servers.map(({ name, domain }) => ({
        name,
        domain,
        schema: schemaOf(name),
        activeLogin: "a",
      })),
      pgbouncer,
    ),
    ...inFolder("prometheus", renderPrometheus(prometheus)),
    ...inFolder("prometheus", renderPrometheusTests(prometheus)),
    ...inFolder("alertmanager", renderAlertmanager(monitoring)),
    ...inFolder(
      "grafana/datasources",
      renderGrafanaDatasources({
        prometheus: "prometheus",
        alertmanager: "alertmanager",
        scrapeIntervalSeconds: monitoring.prometheus.scrapeIntervalSeconds,
      }),
    ),
    ...inFolder("grafana/dashboards", renderGrafanaDashboards({})),
    "client/mcp.json": renderClientConfig(endpoints),
    "client/vscode-mcp.json": renderVsCodeConfig(endpoints),
  };
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]),
  );
}
