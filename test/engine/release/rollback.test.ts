/**
 * Random programs, a random update of them that a gate stops (or a failing step before it), and a rollback: afterwards
 * the world holds what it held, the state says what it said, and nothing was made again that still existed.
 *
 * A fixed number of cases with a fixed seed runs by default. `MCP_FLEET_ROLLBACK_CASES=500` runs more,
 * `MCP_FLEET_ROLLBACK_SEED=7` others; a failure prints its seed and path, and the programs it shrank to.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { checkScenario, scenarioText } from "./check-rollback.ts";
import { scenario } from "./random-program.ts";
import type { Node } from "./program.ts";
import { openTestStack, type TestStack } from "./test-stack.ts";

const cases = Number(process.env["MCP_FLEET_ROLLBACK_CASES"] ?? 8);
const seed = Number(process.env["MCP_FLEET_ROLLBACK_SEED"] ?? 4);
/** Milliseconds; one case is a dozen runs of the CLI, some six seconds, and a failure shrinks by some dozens of cases. */
const timeout = 60_000 + cases * 120_000;

describe("a rollback", () => {
  let test: TestStack;

  beforeAll(async () => {
    test = await openTestStack({ refresh: "always" });
  });
  afterAll(() => test.close());

  // A port moves on to another object, so the way back finds it taken: by a new object, or by one of the old names.
  it.each<[string, readonly Node[]]>([
    ["new", [{ name: "late", kind: "thing", slot: 1, dependsOn: ["port"] }]],
    ["old", [{ name: "other", kind: "thing", slot: 1, deleteFirst: true, dependsOn: ["port"] }]],
  ])(
    "gets back a port that an object with a %s name holds",
    async (_case, holder) => {
      const other: Node = { name: "other", kind: "thing", slot: 2 };
      const third: Node = { name: "port", kind: "thing", slot: 3 };
      await checkScenario(test, {
        before: [{ ...third, slot: 1 }, other, { name: "gate", kind: "thing" }],
        updates: [
          {
            after: [
              third,
              ...(holder[0]?.name === "other" ? [] : [other]),
              ...holder,
              {
                ...{ name: "gate", kind: "thing", size: 1, closed: true },
                dependsOn: [holder[0]!.name],
              },
            ],
          },
        ],
        logical: true,
      });
    },
    timeout,
  );

  it(
    "returns any stack from any failed update",
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, (drawn) => checkScenario(test, drawn)),
        {
          numRuns: cases,
          // A case takes seconds; one that never ends is a finding, with its programs.
          timeout: 600_000,
          seed,
          endOnFailure: false,
          interruptAfterTimeLimit: timeout - 30_000,
          reporter: (details) => {
            if (!details.failed) return;
            const shrunk = details.counterexample?.[0];
            const path = `seed ${details.seed}, path ${details.counterexamplePath ?? "-"}`;
            const text = shrunk === undefined ? "" : scenarioText(shrunk);
            const cause = details.errorInstance as Error | null;
            throw new Error(`${path}\n${text}\n${cause?.message ?? "no case ended in time"}`);
          },
        },
      );
    },
    timeout,
  );
});
