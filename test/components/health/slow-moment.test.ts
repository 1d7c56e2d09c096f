import { describe, expect, it } from "vitest";
import type { Answer } from "../../../components/health/answer.ts";
import type { ProbeContext } from "../../../components/health/context.ts";
import { judge, type JudgeMode } from "../../../components/health/judge.ts";
import { probeSchema, type ProbeOf } from "../../../components/health/probe.schema.ts";
import { askMetrics } from "../../../components/health/probes/metrics.ts";
import { Shared } from "../../../components/health/shared.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";
import { VirtualClock } from "./virtual-clock.ts";

const histogram = "mcp_server_operation_duration_seconds";

describe("how long a server may be slow before its release goes back", () => {
  it.each([
    ["ten slow calls within two seconds, as a new process on a busy machine has", 3, 5, "pass"],
    ["five slow seconds", 2, 7, "pass"],
    ["slow from its first call on", 0, Infinity, "fail"],
    ["slow from the middle of the bake on", 5, Infinity, "fail"],
  ])("%s", async (_, from, to, verdict) => {
    const { judgement, seconds } = await watched((second) => second >= from && second < to);
    expect(judgement.verdict).toBe(verdict);
    // At least the bake of 10 s if it is good; a slow release is found well within a minute.
    expect(seconds).toBeGreaterThanOrEqual(verdict === "pass" ? 10 : 6);
    expect(seconds).toBeLessThan(20);
  });
});

/** Watches a server that is called ten times a second, for a bake of 10 s. */
async function watched(isSlow: (second: number) => boolean) {
  const clock = new VirtualClock();
  const probe = p95Probe();
  const memory = new Map<string, unknown>();
  const ask = async (_: unknown, signal: AbortSignal): Promise<Answer> => {
    const finding = await askMetrics(probe, context(clock, memory, signal, isSlow));
    return { ...finding, ms: 0 };
  };
  const mode: JudgeMode = { kind: "watch", seconds: 10 };
  const judgement = await clock.run(judge([probe], mode, { ask, clock }));
  return { judgement, seconds: clock.seconds };
}

function p95Probe(): ProbeOf<"metrics"> {
  const triggers = { errorRatio: 0.1, p95Ms: 1000, minCalls: 20 };
  const options = { metricsPort: 9464, scrapeIntervalSeconds: 15 };
  const input = serverTriggers("scene", triggers, options).find(({ name }) => name === "scene/p95");
  return probeSchema.parse(input) as ProbeOf<"metrics">;
}

/** A server's page of metrics as it is at the clock's time. */
function context(
  clock: VirtualClock,
  memory: Map<string, unknown>,
  signal: AbortSignal,
  isSlow: (second: number) => boolean,
): ProbeContext {
  const calls = Array.from({ length: Math.floor(clock.seconds * 10) }, (_, call) => call / 10);
  const quick = calls.filter((second) => !isSlow(second)).length;
  const bucket = (le: string, count: number) =>
    `${histogram}_bucket{mcp_method_name="tools/call",le="${le}"} ${count}`;
  const body = [
    bucket("0.1", quick),
    bucket("1", quick),
    bucket("5", calls.length),
    bucket("+Inf", calls.length),
  ].join("\n");
  return {
    targets: { scene: { workload: "scene" } },
    connections: { exchange: () => Promise.resolve({ status: 200, headers: {}, body }) },
    shared: new Shared(clock),
    clock,
    signal,
    memory,
  } as unknown as ProbeContext;
}
