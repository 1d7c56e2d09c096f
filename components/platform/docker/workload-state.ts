import type Docker from "dockerode";
import type { WorkloadState } from "../transport.ts";

type Info = Pick<Docker.ContainerInspectInfo, "State" | "Created" | "RestartCount">;

/** An engine that never set a time says this year. */
const never = /^0001-/;

/** State of a container that does not exist. */
export const goneState: WorkloadState = {
  running: false,
  terminal: true,
  detail: "does not exist",
  restarts: 0,
};

/** What the engine's inspection means. */
export function stateOf({ State, Created, RestartCount }: Info): WorkloadState {
  const running = State.Running && !State.Restarting && !State.Paused;
  const outOfMemory = State.OOMKilled && !running;
  // One that the engine starts again is `restarting`; how often it may is not the engine's question.
  const ended = State.Status === "exited" || State.Status === "dead";
  const health = healthOf(State.Health?.Status);
  return {
    running,
    terminal: outOfMemory || ended,
    ...(health && { health }),
    detail: describe(State, running),
    created: Created,
    ...(!never.test(State.StartedAt) && { since: State.StartedAt }),
    restarts: RestartCount,
  };
}

function healthOf(status: string | undefined): WorkloadState["health"] {
  return status === "healthy" || status === "unhealthy" || status === "starting"
    ? status
    : undefined;
}

function describe(state: Info["State"], running: boolean): string {
  if (state.OOMKilled && !running) return "was killed: out of memory";
  if (running) return "is running";
  if (state.Restarting) return `ended with code ${state.ExitCode} and is started again`;
  if (state.Paused) return "is paused";
  if (state.Status === "created") {
    return `was never started${state.Error ? `: ${state.Error}` : ""}`;
  }
  return `ended with code ${state.ExitCode}${state.Error ? `: ${state.Error}` : ""}`;
}
