import type { Server } from "node:http";
import { Activity } from "./activity.ts";
import type { ServerConfig } from "./config.ts";
import { DatabaseProbe, databaseQuestion } from "./database-probe.ts";
import { Database } from "./database.ts";
import { toolsOf } from "./domains/index.ts";
import { failingCalls } from "./faults.ts";
import { buildHealth, unreadyReasons } from "./health.ts";
import type { HealthInput } from "./health.ts";
import { createHttpServer } from "./http.ts";
import { describeInfo } from "./info.ts";
import type { Logger } from "./logging.ts";
import { McpEndpoint } from "./mcp/endpoint.ts";
import { createServerFactory } from "./mcp/server-factory.ts";
import { createMetricsServer } from "./metrics-server.ts";
import { ServerMetrics } from "./metrics.ts";
import { SERVER_VERSION } from "./version.ts";

/** A running server. */
export interface App {
  readonly activity: Activity;
  /** Takes no more connections and ends idle ones; open ones may still bring a last request. */
  readonly stopListening: () => void;
  /** Ends sessions, streams and database connections. Call it when no call is in flight any more. */
  readonly close: () => Promise<void>;
}

/** Wires the parts of one server and starts to listen. @throws when a port is taken. */
export async function startApp(config: ServerConfig, log: Logger): Promise<App> {
  const { fault, name, domain, release } = config;
  const activity = new Activity();
  const tools = toolsOf(domain);
  const question = databaseQuestion(config.database, name);
  const probe = new DatabaseProbe(question.ask, {
    onChange: (healthy, error) => {
      if (healthy) log.info("database answers");
      else log.error({ error }, "database does not answer");
    },
  });
  const metrics: ServerMetrics = new ServerMetrics(
    {
      name,
      version: SERVER_VERSION,
      release,
      environment: config.environment,
      domain,
      faultActive: fault.kind !== "none",
    },
    {
      activeSessions: () => endpoint.activeSessions,
      inFlightCalls: () => activity.inFlight,
      databaseUp: () => probe.state.healthy,
      connections: () => database.connections,
    },
  );
  const database = new Database(config.database, name, {
    onQuery: (seconds, failed) => metrics.query(seconds, failed),
    onUnavailable: () => void probe.probe(),
  });
  const { schema } = config.database;
  const createServer = createServerFactory(
    name,
    tools,
    {
      context: {
        db: database,
        table: (table) => `"${schema}"."${table}"`,
        status: () => ({
          server: name,
          domain,
          version: SERVER_VERSION,
          release,
          uptimeSeconds: Math.floor(process.uptime()),
          activeSessions: endpoint.activeSessions,
          database: { healthy: probe.state.healthy, latencyMs: Math.round(probe.state.latencyMs) },
        }),
      },
      timeoutMs: config.requestTimeoutMs,
      fault,
      fails: failingCalls(fault.kind === "fail" ? fault.ratio : 0),
      log,
    },
    (operation) => metrics.operation(operation),
  );
  const endpoint: McpEndpoint = new McpEndpoint({
    createServer,
    tools,
    metrics,
    sessionIdleMs: config.sessionIdleMs,
    sessionMax: config.sessionMax,
    allowedHosts: config.allowedHosts,
    allowedOrigins: config.allowedOrigins,
    draining: () => activity.draining,
    trackCall: activity.track,
    broken: fault.kind === "no-mcp",
  });
  const health = (): HealthInput => ({
    server: name,
    database: probe.state,
    activeConnections: database.connections.active,
    activeSessions: endpoint.activeSessions,
    uptimeSeconds: process.uptime(),
    recent: metrics.recent,
    draining: activity.draining,
    forcedUnready: fault.kind === "unready",
    now: new Date(),
  });
  const http = createHttpServer({
    log,
    draining: () => activity.draining,
    mcp: (request, response, exchange) => endpoint.handle(request, response, exchange),
    pages: {
      "/live": () => ({ status: 200, body: { status: "alive" } }),
      "/ready": () => {
        const reasons = unreadyReasons(health());
        if (reasons.length === 0) return { status: 200, body: { status: "ready" } };
        return { status: 503, body: { status: "not ready", reasons } };
      },
      "/health": () => {
        const body = buildHealth(health());
        return { status: body.status === "healthy" ? 200 : 503, body };
      },
      "/info": () => ({ status: 200, body: describeInfo(config, [...tools.values()]) }),
    },
  });
  const metricsHttp = createMetricsServer(metrics.registry);
  await probe.probe();
  await Promise.all([
    listen(http, config.port, config.host),
    listen(metricsHttp, config.metricsPort, config.host),
  ]);
  let stopped: Promise<unknown> | undefined;
  const stopListening = (): void => {
    stopped ??= Promise.all([http, metricsHttp].map(stop));
  };
  return {
    activity,
    stopListening,
    close: async () => {
      probe.stop();
      await endpoint.close();
      stopListening();
      const force = setTimeout(
        () => [http, metricsHttp].forEach((s) => s.closeAllConnections()),
        CLOSE_GRACE_MS,
      );
      await stopped;
      clearTimeout(force);
      await Promise.allSettled([database.close(), question.close()]);
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** How long answers that are being written may still take. */
const CLOSE_GRACE_MS = 1000;

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
