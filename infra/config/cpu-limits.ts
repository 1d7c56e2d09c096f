import type { FleetSpec } from "./fleet.schema.ts";
import type { Path } from "./problems.ts";

/** A CPU limit, and whose it is; unit: cores. */
export interface CpuLimit {
  readonly at: Path;
  readonly owner: string;
  readonly cpus: number;
}

/** Every CPU limit of a fleet. */
export function cpuLimits({
  servers,
  postgres,
  pgbouncer,
  gateway,
  monitoring,
}: FleetSpec): CpuLimit[] {
  const limit = (owner: string, cpus: number, ...path: Path): CpuLimit => ({
    ...{ owner, cpus },
    at: [...path, "cpus"],
  });
  return [
    ...servers.map(({ name, cpus }) => limit(name, cpus, "servers", name)),
    ...(postgres.external ? [] : [limit("postgres", postgres.cpus, "postgres")]),
    limit("pgbouncer", pgbouncer.cpus, "pgbouncer"),
    limit("gateway", gateway.cpus, "gateway"),
    ...(["prometheus", "alertmanager", "grafana"] as const).map((name) =>
      limit(name, monitoring[name].cpus, "monitoring", name),
    ),
  ];
}
