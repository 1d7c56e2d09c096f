import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer } from "../../../components/health/answer.ts";
import { emptyTally, tally, type Rules, type Tally } from "../../../components/health/tally.ts";

const answers: Record<string, Answer> = {
  p: { verdict: "pass", detail: "works", ms: 1 },
  f: { verdict: "fail", detail: "does not", ms: 1 },
  e: { verdict: "error", detail: "could not ask", ms: 1 },
  i: { verdict: "inconclusive", detail: "no samples", ms: 1 },
  t: { verdict: "fail", detail: "exited", terminal: true, ms: 1 },
};

/** One answer per second, from the first second on. */
function follow(text: string, rules: Partial<Rules> = {}, before?: Answer): Tally {
  const all = { retries: 3, successes: 1, startPeriodSeconds: 0, ...rules };
  return [...text].reduce(
    (state, letter, second) => tally(state, answers[letter]!, second, all, before),
    emptyTally,
  );
}

describe("a tally", () => {
  it.each<[string, string, Partial<Rules>, Tally["status"]]>([
    ["passes with the first pass", "p", {}, "passed"],
    ["never fails by one miss", "f", {}, "undecided"],
    ["never fails by two misses", "ff", {}, "undecided"],
    ["fails with three misses in a row", "fff", {}, "failed"],
    ["counts what could not be asked as a miss", "fef", {}, "failed"],
    ["starts to count again after a pass", "ffpff", {}, "undecided"],
    ["does not count inconclusive answers, nor forgets misses over them", "ffiiif", {}, "failed"],
    ["stays undecided without any conclusive answer", "iiiiiiii", {}, "undecided"],
    ["wants passes in a row", "pfp", { successes: 2 }, "undecided"],
    ["passes with the second pass in a row", "pfpp", { successes: 2 }, "passed"],
    ["breaks a row of passes by an inconclusive answer", "pip", { successes: 2 }, "undecided"],
    ["forgives misses in the start period", "ffff", { startPeriodSeconds: 4 }, "undecided"],
    ["counts from the end of the start period on", "fffffff", { startPeriodSeconds: 4 }, "failed"],
    ["ends the start period with the first pass", "pfff", { startPeriodSeconds: 60 }, "failed"],
    ["fails at once when it is over", "t", { startPeriodSeconds: 60, retries: 9 }, "failed"],
    ["fails at once after having passed", "pppt", {}, "failed"],
    ["is undecided again with a miss after having passed", "pppf", {}, "undecided"],
    ["stays failed", "fffppp", {}, "failed"],
  ])("%s", (_, text, rules, status) => {
    expect(follow(text, rules).status).toBe(status);
  });

  it.each<[string, string, string, Tally["status"]]>([
    ["excuses what failed before", "fff", "f", "excused"],
    ["excuses it without waiting for the start period", "fff", "f", "excused"],
    ["excuses what could not be asked before", "fff", "e", "excused"],
    ["blames what worked before", "fff", "p", "undecided"],
    ["blames what was inconclusive before", "fff", "i", "undecided"],
    ["blames an exit on the new release, if the old one only failed", "t", "f", "failed"],
    ["excuses an exit, if the old one had exited as well", "t", "t", "excused"],
    ["lets a fault that is mended pass", "p", "f", "passed"],
  ])("%s", (_, text, before, status) => {
    expect(follow(text, { startPeriodSeconds: 60 }, answers[before]).status).toBe(status);
  });

  const letters = fc.string({ unit: fc.constantFrom("p", "f", "e", "i", "t"), maxLength: 30 });
  const rules = fc.record({
    retries: fc.integer({ min: 1, max: 5 }),
    successes: fc.integer({ min: 1, max: 4 }),
    startPeriodSeconds: fc.integer({ min: 0, max: 10 }),
  });

  it("fails exactly when it is over, or after so many misses since the last pass that count", () => {
    fc.assert(
      fc.property(letters, rules, (text, given) => {
        const failsAt = [...text].findIndex((letter, at) => {
          if (letter === "t") return true;
          if (letter !== "f" && letter !== "e") return false;
          const lastPass = text.lastIndexOf("p", at);
          const counted = [...text.slice(0, at + 1)].filter(
            (other, second) =>
              (other === "f" || other === "e") &&
              second > lastPass &&
              (lastPass >= 0 || second >= given.startPeriodSeconds),
          );
          return counted.length >= given.retries;
        });
        expect(follow(text, given).status === "failed").toBe(failsAt >= 0);
      }),
    );
  });

  it("passes exactly when the last answers are passes, enough of them", () => {
    fc.assert(
      fc.property(letters, rules, (text, given) => {
        const { status } = follow(text, given);
        fc.pre(status !== "failed");
        const row = /p*$/.exec(text)![0].length;
        expect(status === "passed").toBe(row >= given.successes);
      }),
    );
  });

  it("is never failed where the same fault was there before, but for an exit", () => {
    fc.assert(
      fc.property(letters, rules, (text, given) => {
        fc.pre(!text.includes("t"));
        expect(follow(text, given, answers["f"]).status).not.toBe("failed");
      }),
    );
  });
});
