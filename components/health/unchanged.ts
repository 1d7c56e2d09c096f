import type { HealthPolicy } from "./policy.schema.ts";

/** Tag of probes that measure how long calls take. */
export const latencyTag = "latency";

/**
 * The same policy without a word on how quick servers are that a release has not touched: when they are slow, it is the
 * machine or their callers (seen: 100 calls/s on two cores, and an unchanged server's P95 at 3.8 s). Whether they work
 * is still asked.
 */
export function withoutLatencyOf(
  policy: HealthPolicy,
  unchanged: ReadonlySet<string>,
): HealthPolicy {
  const probes = policy.probes
    .filter(({ subject, tags }) => !(unchanged.has(subject) && tags.includes(latencyTag)))
    .map((probe) => {
      if (probe.kind !== "mcp" || !unchanged.has(probe.subject)) return probe;
      const { maxCallMs: _maxCallMs, ...rest } = probe;
      return rest;
    });
  return { ...policy, probes };
}
