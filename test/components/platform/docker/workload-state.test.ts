import { describe, expect, it } from "vitest";
import { stateOf } from "../../../../components/platform/docker/workload-state.ts";

const running = {
  Status: "running",
  Running: true,
  Paused: false,
  Restarting: false,
  OOMKilled: false,
  Dead: false,
  Pid: 7,
  ExitCode: 0,
  Error: "",
  StartedAt: "2026-01-01T00:00:00Z",
  FinishedAt: "0001-01-01T00:00:00Z",
};
const health = (Status: string) => ({ Health: { Status, FailingStreak: 0, Log: [] } });

describe("the state of a container", () => {
  it.each([
    ["running", {}, { running: true, terminal: false, detail: "is running" }],
    ["healthy", health("healthy"), { running: true, health: "healthy" }],
    ["without a check", health("none"), { running: true }],
    [
      "restarting",
      { Status: "restarting", Restarting: true, ExitCode: 1 },
      { running: false, terminal: false, detail: "ended with code 1 and is started again" },
    ],
    [
      "exited",
      { Status: "exited", Running: false, ExitCode: 3 },
      { running: false, terminal: true, detail: "ended with code 3" },
    ],
    [
      "killed for its memory",
      { Status: "restarting", Restarting: true, OOMKilled: true, ExitCode: 137 },
      { running: false, terminal: true, detail: "was killed: out of memory" },
    ],
    // The kernel killed one of its children; the program itself goes on.
    ["running after a child was killed", { OOMKilled: true }, { running: true, terminal: false }],
    [
      "paused",
      { Status: "paused", Paused: true },
      { running: false, terminal: false, detail: "is paused" },
    ],
    [
      "not started",
      {
        Status: "created",
        Running: false,
        StartedAt: "0001-01-01T00:00:00Z",
        Error: "no such file",
      },
      { running: false, terminal: false, detail: "was never started: no such file" },
    ],
  ])("%s", (_, state, expected) => {
    const info = {
      State: { ...running, ...state },
      Created: "2026-01-01T00:00:00Z",
      RestartCount: 2,
    };
    expect(stateOf(info as never)).toMatchObject({ restarts: 2, ...expected });
  });

  it("has no moment of its start before it was started", () => {
    const State = {
      ...running,
      Running: false,
      Status: "created",
      StartedAt: "0001-01-01T00:00:00Z",
    };
    expect(stateOf({ State, Created: "x", RestartCount: 0 })).not.toHaveProperty("since");
  });
});
