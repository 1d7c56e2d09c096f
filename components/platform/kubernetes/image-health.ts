import type { WorkloadArgs } from "../platform.ts";

/**
 * How the project's own images are asked whether they are well, where the workload does not say: the same commands and
 * numbers as the `HEALTHCHECK` lines in `images/`, which kubelets do not read.
 */
export function imageHealth(component: string): WorkloadArgs["health"] | undefined {
  const command = commands[component];
  if (command === undefined) return undefined;
  return { command, intervalSeconds: 10, timeoutSeconds: 5, retries: 5, startPeriodSeconds: 10 };
}

const commands: Readonly<Record<string, readonly string[]>> = {
  postgres: ["postgres-ctl", "health"],
  pgbouncer: ["pgbouncer-ctl", "health"],
  "postgres-exporter": ["exporter-health", "9187"],
  "pgbouncer-exporter": ["exporter-health", "9127"],
};
