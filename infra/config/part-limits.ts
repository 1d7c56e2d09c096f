import { fixedLimits } from "../../components/database/fixed-limits.ts";
import type { FleetSpec } from "./fleet.schema.ts";
import type { Path } from "./problems.ts";

/** What each copy of one part of the fleet may use. */
export interface PartLimits {
  readonly owner: string;
  /** Where its settings stand. */
  readonly at: Path;
  /** Cores. */
  readonly cpus: number;
  /** MiB. */
  readonly memoryMb: number;
  /** Whether no setting changes `cpus`. */
  readonly fixedCpus?: true;
}

/** Every part that runs, but for jobs. */
export function partLimits(fleet: FleetSpec): PartLimits[] {
  const { servers, postgres, pgbouncer, gateway, monitoring } = fleet;
  const limits = (
    owner: string,
    { cpus, memoryMb }: Pick<PartLimits, "cpus" | "memoryMb">,
    ...at: Path
  ): PartLimits => ({ owner, at, cpus, memoryMb });
  const exporter = (owner: string, key: "postgresExporter" | "pgbouncerExporter"): PartLimits => ({
    ...limits(owner, { ...monitoring[key], ...fixedLimits.exporter }, "monitoring", key),
    fixedCpus: true,
  });
  return [
    ...servers.map((server) => limits(server.name, server, "servers", server.name)),
    ...(postgres.external ? [] : [limits("postgres", postgres, "postgres")]),
    limits("pgbouncer", pgbouncer, "pgbouncer"),
    limits("gateway", gateway, "gateway"),
    ...(["prometheus", "alertmanager", "grafana"] as const).map((name) =>
      limits(name, monitoring[name], "monitoring", name),
    ),
    exporter("postgres-exporter", "postgresExporter"),
    exporter("pgbouncer-exporter", "pgbouncerExporter"),
  ];
}
