/**
 * The whole process group is killed before and after every single effect of an update, and of the rollback of one. Whatever the point,
 * a recovery ends with exactly the old world, or, once the update was committed, with exactly the new one.
 *
 * Every eighth point is tried, and the last one, which lies after the commit; `MCP_FLEET_CRASH_EVERY=1` tries all of them, in six
 * minutes.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  liveResources,
  type ResourceRecord,
  type StackExport,
} from "../../../infra/release/deployment.ts";
import { automationEngine, type ReleaseEngine } from "../../../infra/release/engine-run.ts";
import { restore } from "../../../infra/release/restore.ts";
import { killAt } from "./kill-run.ts";
import { programOf, type Node } from "./program.ts";
import { openTestStack, type TestStack } from "./test-stack.ts";

const every = Number(process.env["MCP_FLEET_CRASH_EVERY"] ?? 8);
/** Milliseconds; a point is about eight runs of the CLI. */
const timeout = 1_800_000;

const before: readonly Node[] = [
  { name: "group", kind: "component" },
  { name: "changed", kind: "thing", parent: "group", token: "secret 0" },
  { name: "replaced", kind: "thing", refs: ["changed"] },
  { name: "port", kind: "thing", slot: 1 },
  { name: "user", kind: "thing", refs: ["port"] },
  { name: "dropped", kind: "thing" },
  { name: "gate", kind: "thing", dependsOn: ["user", "replaced"] },
  { name: "commit", kind: "thing", dependsOn: ["gate"] },
];

/** Changed in place, replaced create-first and delete-first, a user of that, one that goes and one that comes. */
function after(gate: "open" | "closed"): readonly Node[] {
  return [
    { name: "group", kind: "component", size: 1 },
    { name: "changed", kind: "thing", parent: "group", token: "secret 1", size: 1 },
    { name: "replaced", kind: "thing", refs: ["changed"], variant: 1 },
    { name: "port", kind: "thing", slot: 2 },
    { name: "user", kind: "thing", refs: ["port"] },
    { name: "new", kind: "thing", dependsOn: ["port"] },
    {
      ...{ name: "gate", kind: "thing", size: 1, closed: gate === "closed" },
      dependsOn: ["user", "replaced", "new", "changed"],
    },
    { name: "commit", kind: "thing", size: 1, dependsOn: ["gate"] },
  ];
}

describe("after a crash", () => {
  let test: TestStack;
  let engine: ReleaseEngine;
  let oldWorld: string[];

  beforeAll(async () => {
    test = await openTestStack({ refresh: "always", key: "service" });
    engine = automationEngine(test.stack);
    await engine.up(programOf(before), { refresh: false });
    oldWorld = test.world.contents();
  });
  afterAll(() => test.close());

  it(
    "of an update, all is old, or all is new",
    async () => {
      const ends = { old: 0, new: 0 };
      const update = after("open");
      const all = await killAt(test, Infinity, { update });
      await engine.up(programOf(before), { refresh: false });
      for (const point of sampleOf(all)) {
        const start = await engine.exportDeployment();
        await killAt(test, point, { update });
        ends[await recover(start, point)] += 1;
      }
      console.log(`killed at ${ends.old + ends.new} points: ${JSON.stringify(ends)}`);
      expect(ends.old).toBeGreaterThan(0);
      expect(ends.new).toBeGreaterThan(0);
    },
    timeout,
  );

  it(
    "of a rollback, another one ends it",
    async () => {
      await engine.up(programOf(before), { refresh: true });
      const failed = async (): Promise<StackExport> => {
        const start = await engine.exportDeployment();
        const closed = engine.up(programOf(after("closed")), { refresh: false });
        expect(await succeeds(closed)).toBe(false);
        return start;
      };
      const all = await killAt(test, Infinity, { restore: await failed() });
      expectOld(0);
      for (const point of sampleOf(all)) {
        const start = await failed();
        await killAt(test, point, { restore: start });
        await rollBack(start);
        expectOld(point);
      }
      console.log(`killed at ${sampleOf(all).length} of ${all} points of the rollback`);
      expect(all).toBeGreaterThan(0);
    },
    timeout,
  );

  it.each(["first import", "replay", "second import"])(
    "of a rollback between the runs of the engine (before the %s), another one ends it",
    async (step) => {
      await engine.up(programOf(before), { refresh: true });
      const start = await engine.exportDeployment();
      expect(await succeeds(engine.up(programOf(after("closed")), { refresh: false }))).toBe(false);
      await expect(restore(interrupted(engine, step), { before: start })).rejects.toThrow(step);
      await rollBack(start);
      expectOld(0);
    },
    timeout,
  );

  it(
    "of a first deployment, nothing of it is left",
    async () => {
      const empty = await openTestStack({ refresh: "always", key: "passphrase" });
      try {
        const first = automationEngine(empty.stack);
        const all = await killAt(empty, Infinity, { update: before });
        await restore(first, { ...recovery(empty), before: undefined });
        for (const point of sampleOf(all)) {
          await killAt(empty, point, { update: before });
          await restore(first, { ...recovery(empty), before: undefined });
          expect(empty.world.contents(), `point ${point}`).toEqual([]);
          const { deployment } = await first.exportDeployment();
          expect(deployment?.resources ?? []).toEqual([]);
        }
        expect(all).toBeGreaterThan(0);
      } finally {
        await empty.close();
      }
    },
    timeout,
  );

  /** What the next command does: it finishes the rollback, or what was committed. */
  async function recover(start: StackExport, point: number): Promise<"old" | "new"> {
    const found = await engine.exportDeployment();
    const commit = liveResources(found.deployment).find(({ urn }) => urn.endsWith("::commit"));
    if (commit?.inputs?.["size"] !== 1) {
      await rollBack(start, found);
      expectOld(point);
      return "old";
    }
    await engine.up(programOf(after("open")), { refresh: true });
    expect(names(), `point ${point}`).toEqual(
      after("open")
        .flatMap(({ name, kind }) => (kind === "thing" ? [name] : []))
        .sort(),
    );
    expect(test.world.contents().join("\n")).toContain('"token":"secret 1"');
    await engine.up(programOf(before), { refresh: false });
    expectOld(point);
    return "new";
  }

  async function rollBack(start: StackExport, failed?: StackExport): Promise<void> {
    await restore(engine, { ...recovery(test), before: start, ...(failed && { failed }) });
  }

  function expectOld(point: number): void {
    expect(withoutGenerated(test.world.contents()), `point ${point}`).toEqual(
      withoutGenerated(oldWorld),
    );
  }

  function names(): string[] {
    return [...test.world.objects.values()].map(({ urn }) => urn.split("::").at(-1)!).sort();
  }
});

/** The points that are tried of so many: 1, 9, 17, ... and the last. */
function sampleOf(all: number): number[] {
  const points = Array.from({ length: all }, (_, index) => index + 1);
  return points.filter((point) => (point - 1) % every === 0 || point === all);
}

function recovery({ world }: TestStack) {
  return {
    refresh: true,
    removeStray: (resources: readonly ResourceRecord[]) => {
      const known = new Set(resources.map(({ id }) => id));
      for (const id of world.objects.keys()) if (!known.has(id)) world.objects.delete(id);
      return Promise.resolve();
    },
  };
}

/** Names are made anew when the old program makes an object again after the new one dropped it. */
function withoutGenerated(contents: readonly string[]): string[] {
  return contents.map((line) => line.replaceAll(/"name":"[a-z]+-\d+"/g, ""));
}

function succeeds(run: Promise<unknown>): Promise<boolean> {
  return run.then(
    () => true,
    () => false,
  );
}

/** An engine that is cut off before one of its steps. */
function interrupted(engine: ReleaseEngine, step: string): ReleaseEngine {
  let imports = 0;
  return {
    exportDeployment: () => engine.exportDeployment(),
    importDeployment(deployment) {
      imports += 1;
      if (step === (imports === 1 ? "first import" : "second import")) throw new Error(step);
      return engine.importDeployment(deployment);
    },
    up(program, options) {
      if (step === "replay") throw new Error(step);
      return engine.up(program, options);
    },
  };
}
