import type { ServerFile, ServerSpec } from "../../components/servers/mcp-server.schema.ts";
import type { FleetFile, FleetSpec } from "./fleet.schema.ts";

/** Puts `serverDefaults` into every server: from here on there is only one place to look. */
export function resolveFleet(file: FleetFile): FleetSpec {
  const { name, environment, logging, serverDefaults, servers, ...parts } = file;
  const resolved = servers.map((server) => resolveServer(server, serverDefaults));
  return { name, environment, logging, servers: resolved, ...parts };
}

function resolveServer(server: ServerFile, defaults: FleetFile["serverDefaults"]): ServerSpec {
  const image = server.image ?? defaults.image;
  return {
    name: server.name,
    port: server.port,
    domain: server.domain ?? server.name,
    critical: server.critical,
    dependsOn: server.dependsOn,
    ...(image === undefined ? {} : { image }),
    memoryMb: server.memoryMb ?? defaults.memoryMb,
    cpus: server.cpus ?? defaults.cpus,
    poolSize: server.poolSize ?? defaults.poolSize,
    env: { ...defaults.env, ...server.env },
    drainSeconds: server.drainSeconds ?? defaults.drainSeconds,
    sessionIdleSeconds: server.sessionIdleSeconds ?? defaults.sessionIdleSeconds,
    sessionMax: server.sessionMax ?? defaults.sessionMax,
    health: {
      intervalSeconds: server.health?.intervalSeconds ?? defaults.health.intervalSeconds,
      timeoutSeconds: server.health?.timeoutSeconds ?? defaults.health.timeoutSeconds,
      retries: server.health?.retries ?? defaults.health.retries,
      startPeriodSeconds: server.health?.startPeriodSeconds ?? defaults.health.startPeriodSeconds,
    },
  };
}
