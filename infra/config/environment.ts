import type { Override } from "./overrides.ts";

/** Variables of the writing-servers guide (sections 2.1 and 2.3) and the settings that they override. */
export const environmentOverrides: Readonly<Record<string, string>> = {
  LOG_LEVEL: "logging.level",
  LOG_FORMAT: "logging.format",
  POSTGRES_DB: "postgres.name",
  POSTGRES_USER: "postgres.owner",
  POSTGRES_SHARED_BUFFERS: "postgres.sharedBuffers",
  POSTGRES_EFFECTIVE_CACHE_SIZE: "postgres.effectiveCacheSize",
  POSTGRES_MAINTENANCE_WORK_MEM: "postgres.maintenanceWorkMem",
  POSTGRES_WAL_BUFFERS: "postgres.walBuffers",
  POSTGRES_CHECKPOINT_COMPLETION_TARGET: "postgres.checkpointCompletionTarget",
  POSTGRES_MAX_WORKER_PROCESSES: "postgres.maxWorkerProcesses",
  POSTGRES_MAX_PARALLEL_WORKERS_PER_GATHER: "postgres.maxParallelWorkersPerGather",
  POSTGRES_EFFECTIVE_IO_CONCURRENCY: "postgres.effectiveIoConcurrency",
  PGBOUNCER_DEFAULT_POOL_SIZE: "pgbouncer.defaultPoolSize",
  PGBOUNCER_MAX_CLIENT_CONN: "pgbouncer.maxClientConnections",
  GRAFANA_ADMIN_USER: "monitoring.grafana.adminUser",
};

/** Overrides that the environment holds. An empty variable counts as not set, as in a template left unfilled. */
export function fromEnvironment(env: NodeJS.ProcessEnv): readonly Override[] {
  return Object.entries(environmentOverrides).flatMap(([name, path]) => {
    const value = env[name];
    return value === undefined || value === ""
      ? []
      : [{ path, value, origin: `environment ${name}` }];
  });
}
