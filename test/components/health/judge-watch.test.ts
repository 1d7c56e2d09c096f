import fc from "fast-check";
import { probeSchema } from "../../../components/health/probe.schema.ts";
import { describe, expect, it } from "vitest";
import { decisionSeconds, type JudgeMode } from "../../../components/health/judge.ts";
import { pass, miss, exited, silent, probe, run, watch, from, type Behaviour } from "./judging.ts";

describe("a watch", () => {
  it("lasts as long as it was told to, and passes", async () => {
    const { judgement, seconds, attempts } = await run(watch(10), [probe("a/x")], {
      "a/x": () => pass,
    });
    expect(judgement.verdict).toBe("pass");
    expect(seconds).toBe(10);
    expect(attempts.get("a/x")).toBeGreaterThanOrEqual(10);
  });

  it("ends with the third miss in a row", async () => {
    const { judgement, seconds } = await run(watch(60), [probe("a/x")], {
      "a/x": from(20, miss, pass),
    });
    expect(judgement.reasons).toEqual(["a/x: connection refused, 3 times in a row"]);
    expect(seconds).toBe(22);
  });

  it("forgives misses that are not in a row", async () => {
    const { judgement } = await run(watch(30), [probe("a/x")], {
      "a/x": (_seconds, attempt) => (attempt % 3 === 0 ? pass : miss),
    });
    expect(judgement.verdict).toBe("pass");
  });

  it.each([
    ["passes if they were a slip", pass, "pass"],
    ["fails if they go on", miss, "fail"],
  ] as const)("does not end in the middle of misses: %s", async (_, then, verdict) => {
    const { judgement, seconds } = await run(watch(10), [probe("a/x")], {
      "a/x": (s) => (s < 9 ? pass : s < 11 ? miss : then),
    });
    expect(judgement.verdict).toBe(verdict);
    expect(seconds).toBe(11);
  });

  it("passes where a trigger never had anything to judge by", async () => {
    const { judgement } = await run(
      watch(5),
      [probe("a/ratio", { onInconclusive: "pass" }), probe("a/x")],
      { "a/ratio": () => silent, "a/x": () => pass },
    );
    expect(judgement.verdict).toBe("pass");
  });

  it("takes a measurement that was not answered for none", async () => {
    const measured = probeSchema.parse({
      kind: "promql",
      name: "a/ratio",
      subject: "a",
      query: "x",
      operator: "<=",
      threshold: 1,
      timeoutSeconds: 1,
      onInconclusive: "pass",
    });
    const { judgement } = await run(watch(10), [measured], { "a/ratio": () => "hangs" });
    expect(judgement.verdict).toBe("pass");
    expect(judgement.probes[0]!.said[0]!.verdict).toBe("inconclusive");
  });

  it("fails where a probe that matters said nothing at all", async () => {
    const { judgement } = await run(watch(5), [probe("a/x")], { "a/x": () => silent });
    expect(judgement.verdict).toBe("inconclusive");
  });
});

describe("whatever the probes answer", () => {
  const behaviour = fc.array(fc.constantFrom(pass, miss, exited, silent), {
    minLength: 1,
    maxLength: 12,
  });
  const settings = fc.record({
    critical: fc.boolean(),
    retries: fc.integer({ min: 1, max: 4 }),
    successes: fc.integer({ min: 1, max: 3 }),
    startPeriodSeconds: fc.integer({ min: 0, max: 6 }),
    onInconclusive: fc.constantFrom("fail" as const, "pass" as const),
  });
  const cases = fc.array(fc.tuple(behaviour, settings), { maxLength: 5 });
  const mode = fc.constantFrom<JudgeMode>({ kind: "gate" }, watch(7));

  it("comes to a verdict in time, blames critical probes only, and passes only if they all do", async () => {
    await fc.assert(
      fc.asyncProperty(cases, mode, async (list, how) => {
        const probes = list.map(([, own], at) => probe(`s${at}/x`, own));
        const behaviours = Object.fromEntries(
          list.map(([says], at): [string, Behaviour] => [
            `s${at}/x`,
            (_seconds, attempt) => says[Math.min(attempt, says.length - 1)]!,
          ]),
        );
        const { judgement, seconds } = await run(how, probes, behaviours);
        const longest = decisionSeconds(probes) + 5 + (how.kind === "watch" ? how.seconds : 0);
        expect(seconds).toBeLessThanOrEqual(longest);
        const critical = judgement.probes.filter((report) => report.critical);
        expect(judgement.verdict === "pass").toBe(
          critical.every(({ verdict }) => verdict === "pass"),
        );
        expect(judgement.verdict === "pass").toBe(judgement.reasons.length === 0);
        for (const report of judgement.probes) {
          expect(report.attempts).toBe(report.said.reduce((sum, { times }) => sum + times, 0));
        }
        for (const subject of judgement.subjects) {
          expect(critical.map((report) => report.subject)).toContain(subject);
        }
      }),
      { numRuns: 60 },
    );
  });
});
