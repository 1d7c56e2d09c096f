/**
 * Random programs, a random update of them that a gate stops (or a failing step before it), and a rollback: afterwards
 * the world holds what it held, the state says what it said, and nothing was made again that still existed.
 *
 * A fixed number of cases with a fixed seed runs by default. `MCP_FLEET_ROLLBACK_CASES=500` runs more,
 * `MCP_FLEET_ROLLBACK_SEED=7` others; a failure prints its seed and path, the programs it shrank to, and what was wrong
 * first: what happens once in many times shrinks to something else.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { checkScenario, scenarioText } from "./check-rollback.ts";
import { scenario, type Scenario } from "./random-program.ts";
import type { Node } from "./program.ts";
import { openTestStack, type TestStack, type TestStackOptions } from "./test-stack.ts";

const cases = Number(process.env["MCP_FLEET_ROLLBACK_CASES"] ?? 8);
const seed = Number(process.env["MCP_FLEET_ROLLBACK_SEED"] ?? 4);
/** Milliseconds; one case is a dozen runs of the CLI, some six seconds alone and three times that beside other suites. */
const timeout = 240_000 + cases * 40_000;
/** Milliseconds that are left to shrink a failure, in some dozens of cases. */
const shrinking = 240_000;

describe("a rollback", () => {
  const stacks: TestStack[] = [];
  const open = async (key: TestStackOptions["key"]): Promise<TestStack> => {
    const stack = await openTestStack({ refresh: "always", key });
    stacks.push(stack);
    return stack;
  };
  afterEach(() => Promise.all(stacks.splice(0).map((stack) => stack.close())));

  // A port moves on to another object, so the way back finds it taken.
  it.each<[string, readonly Node[], readonly Node[]]>([
    [
      "by an object with a new name",
      [{ name: "late", kind: "thing", slot: 1, dependsOn: ["port"] }],
      [],
    ],
    [
      "by an object with an old name",
      [{ name: "other", kind: "thing", slot: 1, deleteFirst: true, dependsOn: ["port"] }],
      [],
    ],
    [
      "from an object that has a child",
      [{ name: "late", kind: "thing", slot: 1, dependsOn: ["port"] }],
      [{ name: "child", kind: "thing", parent: "port" }],
    ],
  ])(
    "gets back a port that is taken: %s",
    async (_case, holder, children) => {
      const other: Node = { name: "other", kind: "thing", slot: 2 };
      const third: Node = { name: "port", kind: "thing", slot: 3 };
      await checkScenario(await open("passphrase"), {
        before: [{ ...third, slot: 1 }, ...children, other, { name: "gate", kind: "thing" }],
        updates: [
          {
            after: [
              third,
              ...children,
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
    "finds an object that was noted as gone with another, which did not go",
    async () => {
      const test = await open("passphrase");
      const base: Node = { name: "base", kind: "thing", slot: 1 };
      const rest: readonly Node[] = [
        { name: "anchor", kind: "thing", parentId: "base" },
        {
          name: "rider",
          kind: "thing",
          parentId: "base",
          dependsOn: ["anchor"],
          deletedWith: "anchor",
        },
        { name: "gate", kind: "thing" },
      ];
      let refused = 0;
      test.world.onCall = ({ kind, urn }) => {
        const hit = kind === "delete" && urn.endsWith("::anchor") && refused === 0;
        if (hit) refused += 1;
        return hit ? Promise.reject(new Error("not now")) : Promise.resolve();
      };
      await checkScenario(test, {
        before: [base, ...rest],
        updates: [{ after: [{ ...base, slot: 2 }, ...rest] }],
        logical: true,
      });
      expect(refused).toBe(1);
    },
    timeout,
  );

  it(
    "returns any stack from any failed update",
    async () => {
      const test = await open("service");
      let first: string | undefined;
      let stopAt = Infinity;
      const check = async (drawn: Scenario): Promise<void> => {
        fc.pre(Date.now() < stopAt);
        await checkScenario(test, drawn).catch((error: Error) => {
          first ??= `${scenarioText(drawn)}\n${error.stack}`;
          stopAt = Math.min(stopAt, Date.now() + shrinking);
          throw error;
        });
      };
      await fc.assert(fc.asyncProperty(scenario, check), {
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
          const last = cause?.message ?? "no case ended in time";
          throw new Error(`${path}\n${text}\n${last}\nfirst:\n${first ?? "-"}`);
        },
      });
    },
    timeout,
  );
});
