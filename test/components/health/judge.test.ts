import { describe, expect, it } from "vitest";
import { decisionSeconds, judge } from "../../../components/health/judge.ts";
import type { Probe } from "../../../components/health/probe.schema.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { pass, miss, exited, silent, probe, run, gate, from } from "./judging.ts";

describe("a gate", () => {
  it("passes at once where everything works", async () => {
    const { judgement, seconds } = await run(gate, [probe("a/x"), probe("b/x")], {
      "a/x": () => pass,
      "b/x": () => pass,
    });
    expect(judgement).toMatchObject({ verdict: "pass", reasons: [], subjects: [] });
    expect(seconds).toBe(0);
  });

  it("passes without probes", async () => {
    expect((await run(gate, [], {})).judgement.verdict).toBe("pass");
  });

  it("notices within a second that a slow starter is ready, and asks what depends on it right after", async () => {
    const probes = [
      probe("a/ready", { startPeriodSeconds: 40, successes: 2, intervalSeconds: 5 }),
      probe("a/mcp", { after: ["a/ready"] }),
    ];
    const { judgement, seconds, attempts } = await run(gate, probes, {
      "a/ready": from(7.3),
      "a/mcp": () => pass,
    });
    expect(judgement.verdict).toBe("pass");
    expect(seconds).toBeLessThan(7.3 + 1.5);
    expect(attempts.get("a/mcp")).toBe(1);
  });

  it("ends at once when something has exited, whatever else is still starting", async () => {
    const { judgement, seconds } = await run(
      gate,
      [
        // The strict schema of a state has no port.
        { ...probe("a/state", { startPeriodSeconds: 40 }), kind: "state", maxRestarts: 0 } as Probe,
        probe("b/ready", { startPeriodSeconds: 40 }),
      ],
      { "a/state": from(3, exited, pass), "b/ready": () => miss },
    );
    expect(judgement).toMatchObject({
      verdict: "fail",
      reasons: ["a/state: ended with code 1"],
      subjects: ["a"],
    });
    expect(seconds).toBeLessThanOrEqual(4);
  });

  it("leaves what has passed in peace while the others start, and still notices that it no longer does", async () => {
    const asked: number[] = [];
    const answers = (seconds: number) => {
      asked.push(seconds);
      return seconds > 12 ? miss : pass;
    };
    const { judgement } = await run(
      gate,
      [probe("a/ready"), probe("b/ready", { startPeriodSeconds: 60 })],
      { "a/ready": answers, "b/ready": () => miss },
    );
    expect(judgement.subjects).toEqual(["a"]);
    expect(asked).toEqual([0, 5, 10, 15, 16, 17]);
  });

  it("stops asking the others as soon as it is certain", async () => {
    const { judgement, seconds } = await run(
      gate,
      [probe("a/x", { retries: 2 }), probe("b/x", { timeoutSeconds: 600 })],
      { "a/x": () => miss, "b/x": () => "hangs" },
    );
    expect(seconds).toBe(1);
    expect(judgement.probes[1]).toMatchObject({ verdict: "inconclusive", attempts: 0, said: [] });
  });

  it("judges one that stays unready within 15 s after its start period", async () => {
    const ready = probe("a/ready", { startPeriodSeconds: 40, timeoutSeconds: 4 });
    const refused = await run(gate, [ready], { "a/ready": () => miss });
    expect(refused.judgement.reasons).toEqual(["a/ready: connection refused, 3 times in a row"]);
    expect(refused.seconds).toBeLessThanOrEqual(40 + 4);
    const hanging = await run(gate, [ready], { "a/ready": () => "hangs" });
    expect(hanging.judgement.reasons).toEqual([
      "a/ready: connection to port 1 of a: no answer within 4 s, 3 times in a row",
    ]);
    expect(hanging.seconds).toBeLessThanOrEqual(40 + 15);
  });

  it("does not mind one miss on a busy machine", async () => {
    const { judgement } = await run(gate, [probe("a/x", { successes: 3 })], {
      "a/x": (_seconds, attempt) => (attempt === 1 ? miss : pass),
    });
    expect(judgement.verdict).toBe("pass");
    expect(judgement.probes[0]!.said.map(({ verdict, times }) => [verdict, times])).toEqual([
      ["pass", 1],
      ["fail", 1],
      ["pass", 3],
    ]);
  });

  it("goes on asking what has passed while others start", async () => {
    const { judgement } = await run(
      gate,
      [probe("a/state"), probe("b/ready", { startPeriodSeconds: 40 })],
      { "a/state": from(10, exited, pass), "b/ready": from(20) },
    );
    expect(judgement.reasons).toEqual(["a/state: ended with code 1"]);
  });

  it("fails by what is not critical never, and says it all the same", async () => {
    const { judgement } = await run(
      gate,
      [probe("a/x", { startPeriodSeconds: 9 }), probe("b/x", { critical: false })],
      { "a/x": from(5), "b/x": () => exited },
    );
    expect(judgement.verdict).toBe("pass");
    expect(judgement.probes[1]).toMatchObject({ status: "failed", verdict: "fail" });
  });

  it("waits for one answer at least of what is not critical", async () => {
    const slow = probe("b/x", { critical: false, timeoutSeconds: 3 });
    const { judgement, seconds } = await run(gate, [probe("a/x"), slow], {
      "a/x": () => pass,
      "b/x": () => "hangs",
    });
    expect(seconds).toBe(3);
    expect(judgement.verdict).toBe("pass");
    expect(judgement.probes[1]!.said[0]!.detail).toContain("no answer within 3 s");
  });

  it.each([
    ["fail", "inconclusive"],
    ["pass", "pass"],
  ] as const)(
    "counts what stays inconclusive as %s where the policy says so",
    async (rule, verdict) => {
      const { judgement } = await run(
        { kind: "gate", deadlineSeconds: 10 },
        [probe("a/x", { onInconclusive: rule })],
        { "a/x": () => silent },
      );
      expect(judgement.verdict).toBe(verdict);
    },
  );

  it("has a deadline that is longer than any decision of its probes", async () => {
    const probes = [
      probe("a/x", { startPeriodSeconds: 40, timeoutSeconds: 10 }),
      probe("a/y", { after: ["a/x"], timeoutSeconds: 10 }),
    ];
    const { judgement, seconds } = await run(gate, probes, {
      "a/x": (s) => (s < 39 ? "hangs" : pass),
      "a/y": () => "hangs",
    });
    expect(judgement.reasons[0]).toContain("3 times in a row");
    expect(seconds).toBeLessThan(decisionSeconds(probes) + 5);
  });

  it("says what was not decided when its time is up", async () => {
    const { judgement } = await run(
      { kind: "gate", deadlineSeconds: 5 },
      [probe("a/x", { startPeriodSeconds: 40 }), probe("a/y", { after: ["a/x"] })],
      { "a/x": () => miss, "a/y": () => pass },
    );
    expect(judgement).toMatchObject({
      verdict: "fail",
      reasons: [
        "a/x: connection refused (no decision in time)",
        "a/y: connection to port 1 of a was not answered in time",
      ],
    });
  });

  it("takes a probe that cannot be asked for an error, and says why", async () => {
    const clock = new VirtualClock();
    const judgement = await clock.run(
      judge([probe("a/x")], gate, {
        clock,
        ask: () => Promise.reject(new Error("the Docker engine: gone")),
      }),
    );
    expect(judgement).toMatchObject({
      verdict: "error",
      reasons: ["a/x: the Docker engine: gone, 3 times in a row"],
    });
  });

  it("is given up when whoever asked for it gives up", async () => {
    const stop = new AbortController();
    const given = run(
      gate,
      [probe("a/x", { startPeriodSeconds: 99 })],
      {
        "a/x": (seconds) => {
          if (seconds > 3) stop.abort(new Error("Ctrl-C"));
          return miss;
        },
      },
      { signal: stop.signal },
    );
    await expect(given).rejects.toThrow("Ctrl-C");
  });

  it("tells of every answer, and of every decision once", async () => {
    const { events } = await run(gate, [probe("a/x", { startPeriodSeconds: 9 })], {
      "a/x": from(1),
    });
    expect(
      events.map((event) =>
        event.kind === "answer" ? [event.answer.verdict, event.changed] : event.status,
      ),
    ).toEqual([["fail", true], ["fail", false], ["pass", true], "passed"]);
  });

  it("excuses a fault that was there before, with a note", async () => {
    const before = new Map([["a/x", miss]]);
    const { judgement, seconds } = await run(
      gate,
      [probe("a/x", { startPeriodSeconds: 40 }), probe("b/x")],
      { "a/x": () => miss, "b/x": () => pass },
      { before },
    );
    expect(judgement.verdict).toBe("pass");
    expect(judgement.probes[0]).toMatchObject({
      status: "excused",
      verdict: "pass",
      note: "was failing before: connection refused",
    });
    expect(seconds).toBeLessThanOrEqual(2);
  });

  it("asks many servers at the same time, yet not hundreds", async () => {
    let asking = 0;
    let most = 0;
    const clock = new VirtualClock();
    const probes = Array.from({ length: 200 }, (_, at) => probe(`s${at}/x`));
    const judgement = await clock.run(
      judge(probes, gate, {
        clock,
        ask: async () => {
          most = Math.max(most, ++asking);
          await clock.sleep(100);
          asking -= 1;
          return pass;
        },
      }),
    );
    expect(judgement.verdict).toBe("pass");
    expect(most).toBe(6);
  });
});
