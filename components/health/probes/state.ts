import type { WorkloadState } from "../../platform/transport.ts";
import { fail, pass, terminal, type Finding } from "../answer.ts";
import { askedOf, type ProbeContext } from "../context.ts";
import type { ProbeOf } from "../probe.schema.ts";

/** Restarts of a workload that is younger than this belong to its start; of an older one, only new ones count. */
const youngMs = 120_000;

/** What the platform says about the workload. */
export async function askState(probe: ProbeOf<"state">, context: ProbeContext): Promise<Finding> {
  const target = askedOf(probe, context);
  const state = await context.transport.state(target, { signal: context.signal });
  const remembered = context.memory.get("restarts");
  const young =
    state.created !== undefined && context.clock.now() - Date.parse(state.created) < youngMs;
  const base = typeof remembered === "number" ? remembered : young ? 0 : state.restarts;
  context.memory.set("restarts", base);
  return judgeState(probe, state, base);
}

/** @param base restarts that are not counted. */
export function judgeState(
  {
    subject,
    maxRestarts,
    requireHealthy,
  }: Pick<ProbeOf<"state">, "subject" | "maxRestarts" | "requireHealthy">,
  state: WorkloadState,
  base: number,
): Finding {
  const said = `${subject} ${state.detail}`;
  const restarts = state.restarts - base;
  if (restarts > maxRestarts) {
    return terminal(`${said}; started again ${restarts} time${restarts === 1 ? "" : "s"}`);
  }
  if (state.terminal) return terminal(said);
  if (!state.running) return fail(said);
  if (requireHealthy && state.health !== undefined && state.health !== "healthy") {
    return fail(`${said}, its own health check says ${state.health}`);
  }
  return pass(said);
}
