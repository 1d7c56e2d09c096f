import { describe, expect, it } from "vitest";
import { Activity } from "../../servers/activity.ts";
import { createStopper } from "../../servers/drain.ts";
import { createLogger } from "../../servers/logging.ts";

function setup(
  drainMs: number,
  activity = new Activity(),
  quietMs = 0,
): { stop: (signal: string) => Promise<void>; steps: string[]; activity: Activity } {
  const steps: string[] = [];
  const log = createLogger(
    { name: "scene", environment: "test", logLevel: "error", logFormat: "json" },
    { write: () => undefined },
  );
  const stop = createStopper({
    activity,
    stopListening: () => steps.push(`listener closed, in flight ${activity.inFlight}`),
    close: () => {
      steps.push("closed");
      return Promise.resolve();
    },
    log,
    drainMs,
    quietMs,
    exit: (code) => steps.push(`exit ${code}`),
  });
  return { stop, steps, activity };
}

describe("createStopper", () => {
  it("stops at once when nothing is in flight", async () => {
    const { stop, steps, activity } = setup(10_000);
    await stop("SIGTERM");
    expect(activity.draining).toBe(true);
    expect(steps).toEqual(["listener closed, in flight 0", "closed", "exit 0"]);
  });

  it("waits for calls in flight", async () => {
    const { stop, steps, activity } = setup(10_000);
    const end = activity.track();
    const stopped = stop("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps).toEqual([]);
    end();
    await stopped;
    expect(steps.at(-1)).toBe("exit 0");
  });

  it("waits for a call that came in while the listener was being closed", async () => {
    const activity = new Activity();
    const { stop, steps } = setup(10_000, activity);
    const first = activity.track();
    const stopped = stop("SIGTERM");
    first();
    const late = activity.track();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps).toEqual(["listener closed, in flight 1"]);
    late();
    await stopped;
    expect(steps).toEqual(["listener closed, in flight 1", "closed", "exit 0"]);
  });

  it("goes on serving until nobody calls any more", async () => {
    const { stop, steps, activity } = setup(10_000, new Activity(), 60);
    activity.track()();
    const calls = setInterval(() => activity.track()(), 10);
    const stopped = stop("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(steps).toEqual([]);
    clearInterval(calls);
    await stopped;
    expect(activity.quietMs).toBeGreaterThanOrEqual(60);
    expect(steps).toEqual(["listener closed, in flight 0", "closed", "exit 0"]);
  });

  it("serves callers that never notice no longer than the limit", async () => {
    const { stop, steps, activity } = setup(100, new Activity(), 60);
    activity.track()();
    const calls = setInterval(() => activity.track()(), 10);
    const started = performance.now();
    await stop("SIGTERM");
    clearInterval(calls);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(steps).toEqual(["listener closed, in flight 0", "closed", "exit 0"]);
  });

  it("gives up on calls that outlast the limit", async () => {
    const { stop, steps, activity } = setup(30);
    activity.track();
    await stop("SIGTERM");
    expect(steps).toEqual(["listener closed, in flight 1", "closed", "exit 0"]);
  });

  it("exits at once on a second signal", async () => {
    const { stop, steps, activity } = setup(200);
    activity.track();
    const first = stop("SIGTERM");
    await stop("SIGINT");
    expect(steps).toEqual(["exit 1"]);
    await first;
  });
});

describe("Activity", () => {
  it("counts a call once, however often its end is told", async () => {
    const activity = new Activity();
    const end = activity.track();
    activity.track();
    end();
    end();
    expect(activity.inFlight).toBe(1);
    expect(await activity.settle(5)).toBe(1);
  });
});
