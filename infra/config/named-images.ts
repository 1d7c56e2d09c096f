import type { FleetSpec } from "./fleet.schema.ts";
import type { Path } from "./problems.ts";

/** An image that is not built here: the fleet file names it. */
export interface NamedImage {
  readonly owner: string;
  /** Where its part's settings stand. */
  readonly at: Path;
  readonly image: string;
}

/** Every image of the fleet that has to come from elsewhere; Grafana's always does. */
export function namedImages(fleet: FleetSpec): NamedImage[] {
  const { servers, postgres, pgbouncer, gateway, monitoring } = fleet;
  const named = (owner: string, { image }: { readonly image?: string | undefined }, ...at: Path) =>
    image === undefined ? [] : [{ owner, at, image }];
  return [
    ...servers.flatMap((server) => named(server.name, server, "servers", server.name)),
    ...(postgres.external ? [] : named("postgres", postgres, "postgres")),
    ...named("pgbouncer", pgbouncer, "pgbouncer"),
    ...named("gateway", gateway, "gateway"),
    ...(["prometheus", "alertmanager", "grafana"] as const).flatMap((name) =>
      named(name, monitoring[name], "monitoring", name),
    ),
    ...named("postgres-exporter", monitoring.postgresExporter, "monitoring", "postgresExporter"),
    ...named("pgbouncer-exporter", monitoring.pgbouncerExporter, "monitoring", "pgbouncerExporter"),
  ];
}
