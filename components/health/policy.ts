import { loginRole, pgbouncerPort } from "../database/names.ts";
import { gatewayPorts } from "../gateway/gateway-routes.ts";
import { scopeQuery, type Scope } from "../monitoring/scope.render.ts";
import { serverMetricsPort, schemaOf, type ServerSpec } from "../servers/mcp-server.schema.ts";
import type { HealthSpec, RolloutSpec } from "./health.schema.ts";
import {
  matches,
  PolicyError,
  policyProblems,
  type AskableComponents,
  type PolicyProblem,
  type PolicyProbes,
} from "./policy-problems.ts";
import type { HealthPolicy } from "./policy.schema.ts";
import { probeSchema, type Probe, type ProbeInput } from "./probe.schema.ts";
import { serverTriggers, triggerNumbers, type Triggers } from "./triggers.ts";

/** What of a fleet decides how it is probed. */
export interface ProbedFleet {
  readonly servers: readonly ServerSpec[];
  /** Name of the database. */
  readonly database: string;
  /** Whether somebody else runs the database: then it is asked through the pooler alone. */
  readonly externalDatabase?: boolean;
  readonly scrapeIntervalSeconds: number;
  /**
   * A Prometheus of somebody else that is asked in place of the fleet's own.
   *
   * @default - the fleet has its own Prometheus and Alertmanager
   */
  readonly neighbour?: AskedNeighbour;
  readonly health: HealthSpec;
  readonly rollout: RolloutSpec;
}

export interface AskedNeighbour {
  /** Labels that series of this fleet have there, and no others. */
  readonly scope: Scope;
  /** On which it is asked. */
  readonly port: number;
}

export interface Policies {
  /** Before the switch: every new server, asked directly, and the data tier. */
  readonly private: HealthPolicy;
  /** After the switch: every server through the gateway, and the triggers. */
  readonly public: HealthPolicy;
}

/** A tool that every reference server has; reads only. */
const harmlessTool = { name: "server_status" };

/**
 * An attempt that hangs is given up after this, so that three of them are over within 15 s; what the fleet file allows
 * is less patient only if it says so. Seconds.
 */
const patience = 4;

/**
 * Passes in a row, half a second apart, after a server has become ready: one that falls over right after its start looks
 * ready for a moment.
 */
const steadyPasses = 4;

/** A workload of somebody else may end while it waits for the database, and be started again. */
const foreignRestarts = 2;

/**
 * The probes that judge a release of this fleet, derived from the same specification as everything else: a server that
 * is added is probed. The fleet file's `health` adds, changes and switches off.
 *
 * @throws PolicyError with every setting of `health` that fits no probe or no component.
 */
export function policyFor(fleet: ProbedFleet): Policies {
  const { health, rollout } = fleet;
  const all = probesOf(fleet);
  const problems = healthProblems(fleet);
  if (problems.length > 0) throw new PolicyError(problems);
  const asked = (probes: readonly Probe[]) =>
    adjust(probes, health).map((probe) => ofNeighbour(probe, fleet));
  const policy = { version: 1, baseline: health.baseline, targets: {} } as const;
  return {
    private: { ...policy, mode: { kind: "gate" }, probes: asked(all.gate) },
    public: {
      ...policy,
      mode: { kind: "watch", seconds: rollout.bakeSeconds },
      probes: asked(all.watch),
    },
  };
}

/** What of the fleet file's `health` fits no probe or no component. */
export function healthProblems(fleet: ProbedFleet): readonly PolicyProblem[] {
  return [
    ...policyProblems(fleet.health, probesOf(fleet), componentsOf(fleet)),
    ...fleet.health.probes.flatMap((probe, index) => queryProblems(probe, index, fleet)),
  ];
}

/** Parts that can be asked, before and after the switch. */
function componentsOf({ servers, externalDatabase, neighbour }: ProbedFleet): AskableComponents {
  const gate = [
    ...servers.map(({ name }) => name),
    ...(externalDatabase ? [] : ["postgres"]),
    "pgbouncer",
  ];
  const watch = [...gate, "gateway"];
  return neighbour
    ? { gate, watch, queried: ["prometheus"] }
    : { gate, watch: [...watch, "prometheus", "alertmanager"] };
}

/** A Prometheus that has the series of others as well is asked about those of the fleet alone. */
function ofNeighbour(probe: Probe, { neighbour }: Pick<ProbedFleet, "neighbour">): Probe {
  if (neighbour === undefined || probe.kind !== "promql") return probe;
  return { ...probe, port: neighbour.port, query: scopeQuery(probe.query, neighbour.scope) };
}

/** What cannot be narrowed to the fleet's series must not be asked. */
function queryProblems(
  probe: Probe,
  index: number,
  fleet: Pick<ProbedFleet, "neighbour">,
): PolicyProblem[] {
  try {
    ofNeighbour(probe, fleet);
    return [];
  } catch (error) {
    const allowed = "PromQL, to be asked of a Prometheus that has the series of others as well";
    return [{ at: ["probes", index, "query"], got: (error as Error).message, known: [], allowed }];
  }
}

/** Derived probes and own ones, before anything is changed or switched off. */
function probesOf(fleet: ProbedFleet): PolicyProbes {
  const own = fleet.health.probes;
  const replaced = new Set(own.map(({ name }) => name));
  const derive = (inputs: readonly ProbeInput[]) =>
    inputs.map((input) => probeSchema.parse(input)).filter(({ name }) => !replaced.has(name));
  const gate = derive([...dataTier(fleet), ...fleet.servers.flatMap(privateProbes)]);
  const watchInputs = [
    ...watchedTier(fleet),
    ...fleet.servers.flatMap((server) => publicProbes(server, fleet)),
  ];
  const watch = derive(watchInputs);
  // One that takes the place of a derived probe is asked when that one would have been.
  const watched = new Set(watchInputs.map(({ name }) => name));
  const isWatch = ({ name, tags }: Probe) =>
    tags.includes("watch") || (watched.has(name) && !tags.includes("gate"));
  return {
    gate: [...gate, ...own.filter((probe) => !isWatch(probe))],
    watch: [...watch, ...own.filter(isWatch)],
  };
}

/** One server, asked directly. */
function privateProbes(server: ServerSpec): readonly ProbeInput[] {
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
function publicProbes(server: ServerSpec, fleet: ProbedFleet): readonly ProbeInput[] {
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

/** A query the way servers ask: by the pooler, as one of them. */
function poolerQuery({ servers, database }: ProbedFleet, name: string): ProbeInput[] {
  const [server] = servers;
  if (!server) return [];
  const user = loginRole(schemaOf(server.name), "a");
  return [
    {
      kind: "postgres",
      name,
      subject: "pgbouncer",
      port: pgbouncerPort,
      database,
      user,
      passwordOf: user,
      query: "SELECT 1",
      expect: 1,
      timeoutSeconds: patience,
    },
  ];
}

function dataTier(fleet: ProbedFleet): readonly ProbeInput[] {
  // A database that recovers after a restart takes its time.
  const startPeriodSeconds = 60;
  return [
    ...[...(fleet.externalDatabase ? [] : ["postgres"]), "pgbouncer"].map(
      (component): ProbeInput => ({
        kind: "state",
        name: `${component}/started`,
        subject: component,
        requireHealthy: true,
        maxRestarts: foreignRestarts,
        startPeriodSeconds,
        timeoutSeconds: patience,
        tags: ["gate"],
      }),
    ),
    ...poolerQuery(fleet, "pgbouncer/query").map((probe) => ({
      ...probe,
      startPeriodSeconds,
      tags: ["gate"],
    })),
  ];
}

function watchedTier(fleet: ProbedFleet): readonly ProbeInput[] {
  const critical = fleet.servers.filter((server) => server.critical && server.image === undefined);
  const services = [...critical.map(({ name }) => name), "gateway", "postgres", "pgbouncer"];
  return [
    {
      kind: "state",
      name: "gateway/running",
      subject: "gateway",
      requireHealthy: true,
      // One that was just replaced is asked by its own check first after 5 s.
      startPeriodSeconds: 20,
      timeoutSeconds: patience,
      tags: ["watch"],
    },
    // Trigger "database connection failures": a probe through the pooler (writing-servers guide, resolution G40).
    ...poolerQuery(fleet, "pgbouncer/connections").map((probe) => ({
      ...probe,
      intervalSeconds: 2,
      tags: ["watch", "trigger"],
    })),
    // Trigger "critical service down": critical = database-admin, pooler, database, gateway (resolution G40).
    {
      kind: "promql",
      name: "prometheus/critical-services",
      subject: "prometheus",
      query: `max by (service) (up{service=~"${services.join("|")}"})`,
      operator: "==",
      threshold: 1,
      intervalSeconds: 5,
      // A new target is down until it is scraped for the first time.
      startPeriodSeconds: fleet.scrapeIntervalSeconds,
      timeoutSeconds: patience,
      onInconclusive: "pass",
      tags: ["watch", "trigger"],
    },
    {
      kind: "promql",
      name: "prometheus/targets",
      subject: "prometheus",
      query: "up",
      operator: "==",
      threshold: 1,
      intervalSeconds: 5,
      startPeriodSeconds: fleet.scrapeIntervalSeconds,
      timeoutSeconds: patience,
      critical: false,
      onInconclusive: "pass",
      tags: ["watch"],
    },
  ];
}

/** Switches off and changes; a probe that waited for one that is off waits for nobody. */
function adjust(probes: readonly Probe[], { change, off }: HealthSpec): Probe[] {
  const kept = probes.filter(({ name }) => !off.some((pattern) => matches(pattern, name)));
  const names = new Set(kept.map(({ name }) => name));
  return kept.map((probe) => {
    const changed = change
      .filter((entry) => entry.probes.some((pattern) => matches(pattern, probe.name)))
      .map(({ probes: _probes, ...settings }) => settings);
    const settings = Object.fromEntries(
      changed.flatMap((entry) => Object.entries(entry).filter(([, value]) => value !== undefined)),
    );
    const after = probe.after.filter((name) => names.has(name));
    // Without the one that it waited for it has to be patient itself.
    const waited = probes.filter(({ name }) => probe.after.includes(name) && !names.has(name));
    const startPeriodSeconds = Math.max(
      probe.startPeriodSeconds,
      ...waited.map((other) => other.startPeriodSeconds),
    );
    return { ...probe, startPeriodSeconds, ...settings, after };
  });
}
