import { describe, expect, it } from "vitest";
import { probeSchema } from "../../../components/health/probe.schema.ts";
import { serverTriggers } from "../../../components/health/triggers.ts";
import { probe, type ProbeLab } from "./probe-lab.ts";

/** What a release's own metrics give away while clients use it. */
export function watchClaims(lab: ProbeLab): void {
  describe("a release that is watched", () => {
    const triggers = (name: string) =>
      serverTriggers(
        name,
        { errorRatio: 0.1, p95Ms: 200, minCalls: 20 },
        { metricsPort: 9464, scrapeIntervalSeconds: 15 },
      )
        .filter(({ kind }) => kind === "metrics")
        .map((input) => probeSchema.parse(input));
    /** Stands for clients: its own verdict does not count. */
    const traffic = (name: string, calls: number) =>
      probe(
        name,
        {
          kind: "mcp",
          port: 3005,
          revisions: ["2026-07-28"],
          tool: { name: "server_status" },
          calls,
          critical: false,
          startPeriodSeconds: 60,
          timeoutSeconds: 30,
        },
        "traffic",
      );

    it.each([
      [
        "failing",
        { FAULT: "fail:0.9" },
        /error ratio of failing is [01][.\d]* \(\d+ calls\), not <= 0\.1/,
      ],
      ["slow", { FAULT: "slow:400" }, /p95 of slow is 0\.\d+ s \(\d+ calls\), not <= 0\.2 s/],
    ])("is caught %s by its own metrics", async (name, env, reason) => {
      await lab.server(name, env);
      const up = await lab.judged(
        [probe(name, { kind: "tcp", port: 3005, startPeriodSeconds: 40 })],
        {
          kind: "gate",
        },
      );
      expect(up.verdict).toBe("pass");
      const clients = Array.from({ length: 3 }, (_, at) => ({
        ...traffic(name, 5),
        name: `${name}/traffic-${at}`,
        // A failing call ends an attempt: ask again soon.
        intervalSeconds: 0.2,
        retries: 100,
      }));
      const judgement = await lab.judged([...clients, ...triggers(name)], {
        kind: "watch",
        seconds: 40,
      });
      console.log(`${name}, known after ${judgement.ms} ms of watching`);
      expect(judgement.reasons.join()).toMatch(reason);
      expect(judgement.ms).toBeLessThan(45_000);
    });

    it("stays if it is quick and right", async () => {
      const judgement = await lab.judged([traffic("scene", 10), ...triggers("scene")], {
        kind: "watch",
        seconds: 6,
      });
      expect(judgement.reasons).toEqual([]);
      expect(judgement.verdict).toBe("pass");
    });
  });
}
