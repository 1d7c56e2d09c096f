import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildHealth, unreadyReasons } from "../../servers/health.ts";
import type { HealthInput } from "../../servers/health.ts";
import { RecentOperations } from "../../servers/recent.ts";
import { formatUptime } from "../../servers/uptime.ts";

function input(overrides: Partial<HealthInput> = {}): HealthInput {
  return {
    server: "database-admin",
    database: { healthy: true, latencyMs: 4.6 },
    activeConnections: 10,
    activeSessions: 3,
    uptimeSeconds: 86_400.9,
    recent: new RecentOperations(),
    draining: false,
    forcedUnready: false,
    now: new Date("2026-01-31T12:00:00.123Z"),
    ...overrides,
  };
}

function recentWith(calls: number, faults: number, mistakes = 0): RecentOperations {
  const recent = new RecentOperations();
  for (let i = 0; i < calls; i += 1) {
    recent.add({ durationMs: i + 1, failed: i < faults + mistakes, fault: i < faults });
  }
  return recent;
}

describe("buildHealth", () => {
  it("answers in the shape and units of the contract", () => {
    expect(buildHealth(input({ recent: recentWith(100, 0, 1) }))).toEqual({
      status: "healthy",
      server: "database-admin",
      database: { healthy: true, latency: "5ms", activeConnections: 10 },
      activeSessions: 3,
      timestamp: "2026-01-31T12:00:00.123Z",
      uptime: { seconds: 86_400, formatted: "1d 0h 0m 0s" },
      metrics: {
        requests: { total: 100, errors: 1, errorRate: "1.00%" },
        latency: { p50: 50, p95: 95, p99: 99 },
      },
    });
  });

  it.each<[string, Partial<HealthInput>, string]>([
    ["the database is gone", { database: { healthy: false, latencyMs: 0 } }, "unhealthy"],
    ["a drill says so", { forcedUnready: true }, "unhealthy"],
    ["it drains", { draining: true }, "degraded"],
    ["more than 5 % of the calls are its own faults", { recent: recentWith(100, 6) }, "degraded"],
    ["5 % are", { recent: recentWith(100, 5) }, "healthy"],
    ["callers make mistakes", { recent: recentWith(100, 0, 100) }, "healthy"],
    ["there were too few calls to tell", { recent: recentWith(19, 19) }, "healthy"],
  ])("when %s", (_when, overrides, status) => {
    expect(buildHealth(input(overrides)).status).toBe(status);
  });

  it("shows an error rate of 0 without traffic", () => {
    expect(buildHealth(input()).metrics.requests).toEqual({
      total: 0,
      errors: 0,
      errorRate: "0.00%",
    });
  });
});

describe("unreadyReasons", () => {
  it("is empty when traffic may come, and else names every reason", () => {
    expect(unreadyReasons(input())).toEqual([]);
    expect(
      unreadyReasons(
        input({ draining: true, forcedUnready: true, database: { healthy: false, latencyMs: 0 } }),
      ),
    ).toHaveLength(3);
  });
});

describe("formatUptime", () => {
  it.each([
    [0, "0d 0h 0m 0s"],
    [59.9, "0d 0h 0m 59s"],
    [3661, "0d 1h 1m 1s"],
    [90_061, "1d 1h 1m 1s"],
    [-5, "0d 0h 0m 0s"],
  ])("writes %d s as %s", (seconds, text) => {
    expect(formatUptime(seconds)).toBe(text);
  });
});

describe("RecentOperations", () => {
  it("keeps quantiles in order and among the values given", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 50 }),
        (durations) => {
          const recent = new RecentOperations(20);
          for (const durationMs of durations)
            recent.add({ durationMs, failed: false, fault: false });
          const kept = durations.slice(-20);
          const [low, p50, p99, high] = recent.quantiles([0, 0.5, 0.99, 1]);
          expect([low, high]).toEqual([Math.min(...kept), Math.max(...kept)]);
          expect(low <= p50 && p50 <= p99 && p99 <= high).toBe(true);
          expect(kept).toContain(p50);
        },
      ),
    );
  });

  it("forgets faults that left the window, but not the totals", () => {
    const recent = new RecentOperations(10);
    for (let i = 0; i < 5; i += 1) recent.add({ durationMs: 1, failed: true, fault: true });
    expect(recent.faultRatio).toBe(1);
    for (let i = 0; i < 10; i += 1) recent.add({ durationMs: 1, failed: false, fault: false });
    expect(recent).toMatchObject({ faultRatio: 0, total: 15, errors: 5, size: 10 });
  });
});
