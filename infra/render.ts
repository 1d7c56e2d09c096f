import { databaseRoles, statsUser } from "../components/database/names.ts";
import { renderPgBouncerIni, renderUserlist } from "../components/database/pgbouncer.render.ts";
import { postgresFiles } from "../components/database/postgres.render.ts";
import { renderRoles } from "../components/database/roles.render.ts";
import { caFiles, targetOf } from "../components/database/target.ts";
import { renderClientConfig, renderVsCodeConfig } from "../components/gateway/client-config.ts";
import { renderHaproxy } from "../components/gateway/haproxy.render.ts";
import { renderAlertmanager } from "../components/monitoring/alertmanager.render.ts";
import { renderDashboards } from "../components/monitoring/dashboards/fleet-dashboards.ts";
import {
  renderGrafanaDashboards,
  renderGrafanaDatasources,
} from "../components/monitoring/grafana.render.ts";
import {
  renderPrometheus,
  type PrometheusInput,
} from "../components/monitoring/prometheus.render.ts";
import {
  renderRulesElsewhere,
  renderRuleTests,
} from "../components/monitoring/rule-files.render.ts";
import { renderRunbooks } from "../components/monitoring/runbooks.render.ts";
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

/** What renderers need of a fleet, with the names of the parts for the generated ones of a running stack. */
interface Rendered {
  readonly fleet: FleetSpec;
  readonly prometheus: PrometheusInput;
  readonly elsewhere: boolean;
  readonly endpoints: readonly { readonly name: string; readonly url: string }[];
}

/** Folder -> what is written into it. A part with files of its own is one more entry. */
const renderers: Readonly<Record<string, (input: Rendered) => Readonly<Record<string, string>>>> = {
  gateway: ({ fleet }) =>
    renderHaproxy({
      spec: fleet.gateway,
      routes: fleet.servers.map(({ name, port }) => ({
        server: name,
        port,
        backends: [{ name, address: name, port, weight: 100 }],
      })),
      tokens: [],
    }),
  postgres: ({ fleet: { postgres } }) => (postgres.external ? {} : postgresFiles(postgres)),
  pgbouncer: ({ fleet: { pgbouncer, postgres } }) => {
    const target = targetOf(postgres, "postgres");
    return {
      "pgbouncer.ini": renderPgBouncerIni(pgbouncer, { ...target, database: postgres.name }),
      "userlist.txt": renderUserlist({ [databaseRoles.lookup]: withheld, [statsUser]: withheld }),
      ...caFiles(target),
    };
  },
  migrations: ({ fleet: { servers, pgbouncer, postgres } }) => ({
    "roles.json": renderRoles(
      servers.map(({ name, domain }) => ({
        name,
        domain,
        schema: schemaOf(name),
        activeLogin: "a",
      })),
      pgbouncer,
      postgres,
    ),
  }),
  prometheus: ({ prometheus, elsewhere }) =>
    elsewhere
      ? renderRulesElsewhere(prometheus)
      : { ...renderPrometheus(prometheus), ...renderRuleTests(prometheus) },
  alertmanager: ({ fleet, elsewhere }) => (elsewhere ? {} : renderAlertmanager(fleet.monitoring)),
  runbooks: ({ prometheus, elsewhere }) => renderRunbooks({ ...prometheus, elsewhere }),
  "grafana/datasources": ({ fleet, elsewhere }) =>
    elsewhere
      ? {}
      : renderGrafanaDatasources({
          prometheus: "prometheus",
          alertmanager: "alertmanager",
          scrapeIntervalSeconds: fleet.monitoring.prometheus.scrapeIntervalSeconds,
        }),
  "grafana/dashboards": ({ fleet, elsewhere }) =>
    renderGrafanaDashboards(renderDashboards(fleet.monitoring, elsewhere)),
  client: ({ endpoints }) => ({
    "mcp.json": renderClientConfig(endpoints),
    "vscode-mcp.json": renderVsCodeConfig(endpoints),
  }),
};

/**
 * Every generated file of a fleet, path -> content, without an engine. Host names are the names of the parts; a running
 * stack has generated ones. The same fleet gives the same bytes.
 *
 * @param elsewhere whether a Prometheus of somebody else serves in place of the fleet's own.
 */
export function renderFleet(fleet: FleetSpec, elsewhere = false): Record<string, string> {
  const { gateway, monitoring, servers } = fleet;
  const input: Rendered = {
    fleet,
    elsewhere,
    prometheus: {
      fleet: fleet.name,
      environment: fleet.environment,
      spec: monitoring,
      targets: [
        ...servers.map((server) => serverTarget(server, server.name, serverMetricsPort)),
        gatewayTarget("gateway"),
        postgresTarget("postgres-exporter"),
        pgbouncerTarget("pgbouncer-exporter"),
      ],
      alertmanager: "alertmanager",
    },
    endpoints: servers.map(({ name }) => ({
      name,
      url: `http://${gateway.bind}:${gateway.port}/${name}/mcp`,
    })),
  };
  return Object.fromEntries(
    Object.entries(renderers).flatMap(([folder, render]) =>
      Object.entries(render(input)).map(([file, text]) => [`${folder}/${file}`, text]),
    ),
  );
}
