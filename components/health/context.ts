import type { Target, Targets, Transport } from "../platform/transport.ts";
import type { Clock } from "./clock.ts";
import type { Connections } from "./connections.ts";
import type { Probe } from "./probe.schema.ts";
import type { Secrets } from "./secrets.ts";
import type { Shared } from "./shared.ts";

/** What a probe needs to be asked. */
export interface ProbeContext {
  readonly transport: Transport;
  readonly targets: Targets;
  readonly secrets: Secrets;
  readonly connections: Connections;
  /** Answers that several probes use. */
  readonly shared: Shared;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the same probe has to remember from one attempt to the next. */
  readonly memory: Map<string, unknown>;
}

/** The asked component runs nowhere, as far as is known: the policy and the release do not fit. */
export class NoTargetError extends Error {
  constructor(component: string) {
    super(`${component} is no part of this release, so it cannot be asked`);
    this.name = "NoTargetError";
  }
}

/** Whom to ask. @throws NoTargetError */
export function askedOf(probe: Probe, { targets }: ProbeContext): Target {
  const component = probe.at ?? probe.subject;
  const target = Object.hasOwn(targets, component) ? targets[component] : undefined;
  if (!target) throw new NoTargetError(component);
  return target;
}
