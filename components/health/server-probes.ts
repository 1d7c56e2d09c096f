import { gatewayPorts } from "../gateway/gateway-routes.ts";
import { serverMetricsPort, type ServerSpec } from "../servers/mcp-server.schema.ts";
import { foreignRestarts, patience } from "./probe-limits.ts";
import type { ProbeInput } from "./probe.schema.ts";
import type { ProbedFleet } from "./probed-fleet.ts";
import { serverTriggers, triggerNumbers, type Triggers } from "./triggers.ts";

/** A tool that every reference server has; reads only. */
const harmlessTool = { name: "server_status" };

/**
 * Passes in a row, half a second apart, after a server has become ready: one that falls over right after its start looks
 * ready for a moment.
 */
const steadyPasses = 4;

/** One server, asked directly. */
export function privateProbes(server: ServerSpec): readonly ProbeInput[] {
  const { name, port, health } = server;
  const own = server.image !== undefined;
  const limits = {
    subject: name,
    timeoutSeconds: Math.min(health.timeoutSeconds, patience),
    retries: health.retries,
    tags: ["gate"],
  };
  const state: ProbeInput = stateProbe(server, "gate");
  const mcp = {
    ...limits,
    kind: "mcp",
    name: `${name}/mcp`,
    port,
    tool: harmlessTool,
  } as const;
  // Somebody else's image has no readiness of ours: the protocol is what it has to speak.
  if (own) {
    return [
      state,
      { ...mcp, startPeriodSeconds: health.startPeriodSeconds },
      steadyProbe(state, mcp.name),
    ];
  }
  const http = {
    ...limits,
    kind: "http",
    port,
    startPeriodSeconds: health.startPeriodSeconds,
  } as const;
  return [
    state,
    { ...http, name: `${name}/ready`, path: "/ready", successes: 2 },
    {
      ...http,
      name: `${name}/database`,
      path: "/health",
      // Degraded is 503 as well, and no reason: the field decides.
      expectStatus: [200, 503],
      expectJson: ["database.healthy == true"],
    },
    // From the moment it is ready there is no more excuse for a handshake that fails.
    {
      ...mcp,
      revisions: ["2025", "2026-07-28"],
      // One that hangs is rarer than one whose machine is busy with nine others.
      timeoutSeconds: health.timeoutSeconds,
      after: [`${name}/ready`],
    },
    steadyProbe(state, `${name}/ready`),
  ];
}

/** One server as clients have it. */
export function publicProbes(server: ServerSpec, fleet: ProbedFleet): readonly ProbeInput[] {
  const { name } = server;
  const own = server.image !== undefined;
  const { like, minCalls, ...given } = fleet.health.triggers;
  const triggers: Triggers = {
    errorRatio: given.errorRatio ?? triggerNumbers[like].errorRatio,
    p95Ms: given.p95Ms ?? triggerNumbers[like].p95Ms,
    minCalls,
  };
  const client = {
    kind: "mcp" as const,
    subject: name,
    at: "gateway",
    port: gatewayPorts.public,
    path: `/${name}/mcp`,
    tokenOf: "default",
    tool: harmlessTool,
    tags: ["watch"],
  };
  // A few calls are no percentile: only what is clearly beyond it counts.
  const maxCallMs = 1.5 * triggers.p95Ms;
  const session: ProbeInput = {
    ...client,
    name: `${name}/route`,
    revisions: ["2025"],
    intervalSeconds: own ? 2 : 5,
    retries: own ? 3 : 2,
  };
  const state = stateProbe(server, "watch");
  // Nobody else measures how long it takes.
  if (own) return [state, { ...session, maxCallMs }];
  return [
    state,
    session,
    {
      ...client,
      name: `${name}/calls`,
      revisions: ["2026-07-28"],
      // So that there is something to measure even where nobody calls just now.
      calls: 4,
      maxCallMs,
      intervalSeconds: 1,
    },
    ...serverTriggers(name, triggers, {
      metricsPort: serverMetricsPort,
      scrapeIntervalSeconds: fleet.scrapeIntervalSeconds,
    }),
  ];
}

function stateProbe(server: ServerSpec, tag: "gate" | "watch"): ProbeInput {
  return {
    kind: "state",
    name: `${server.name}/${tag === "gate" ? "started" : "running"}`,
    subject: server.name,
    maxRestarts: server.image === undefined ? 0 : foreignRestarts,
    startPeriodSeconds: tag === "gate" ? server.health.startPeriodSeconds : 0,
    timeoutSeconds: patience,
    tags: [tag],
  };
}

/** The same question as `state`, asked for a while from the moment on that the server looks ready. */
function steadyProbe(state: ProbeInput, ready: string): ProbeInput {
  return {
    ...state,
    name: `${state.subject}/steady`,
    successes: steadyPasses,
    intervalSeconds: 0.5,
    startPeriodSeconds: 0,
    after: [ready],
  };
}
