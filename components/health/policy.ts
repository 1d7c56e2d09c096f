import { scopeQuery } from "../monitoring/scope.render.ts";
import type { HealthSpec } from "./health.schema.ts";
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
import type { ProbedFleet } from "./probed-fleet.ts";
import { privateProbes, publicProbes } from "./server-probes.ts";
import { dataTier, watchedTier } from "./tier-probes.ts";

export interface Policies {
  /** Before the switch: every new server, asked directly, and the data tier. */
  readonly private: HealthPolicy;
  /** After the switch: every server through the gateway, and the triggers. */
  readonly public: HealthPolicy;
}

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
  if ((probe.at ?? probe.subject) !== "prometheus") return probe;
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
