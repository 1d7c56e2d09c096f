import { afterEach, expect, it } from "vitest";
import { nameOf } from "../../../infra/release/deployment.ts";
import { automationEngine } from "../../../infra/release/engine-run.ts";
import type { Waits } from "../../../infra/release/replay.ts";
import { restore } from "../../../infra/release/restore.ts";
import { programOf, type Node } from "./program.ts";
import { openTestStack, type TestStack } from "./test-stack.ts";

/** A rollback waits for what the failed program waited for, though that program is not run. */

let test: TestStack | undefined;
afterEach(() => test?.close());

const nodes: readonly Node[] = [
  { name: "changed", kind: "thing" },
  { name: "other", kind: "thing", dependsOn: ["changed"] },
  { name: "gate", kind: "thing" },
];
const [changed, other, gate] = nodes;
const update: readonly Node[] = [
  { ...changed!, size: 1 },
  other!,
  { ...gate!, size: 1, closed: true, dependsOn: ["other"] },
];

it("waits for what was changed back, with the inputs from before, and fails with the words of whom it asks", async () => {
  test = await openTestStack({ refresh: "always", key: "passphrase" });
  const engine = automationEngine(test.stack);
  await engine.up(programOf(nodes), { refresh: false });
  const before = await engine.exportDeployment();
  const fail = () => engine.up(programOf(update), { refresh: false });
  const waiting =
    (wait: (inputs: unknown) => Promise<void>): Waits =>
    ({ urn }) =>
      nameOf(urn) === "gate" ? undefined : wait;

  await expect(fail()).rejects.toThrow("the gate stays closed");
  const hopeless = waiting(() =>
    Promise.reject(new Error("changed cannot get its image; push it")),
  );
  await expect(restore(engine, { before, waits: hopeless })).rejects.toThrow(
    /^changed cannot get its image; push it$/,
  );

  const seen: unknown[] = [];
  const waits = waiting((inputs) => Promise.resolve(void seen.push(inputs)));
  await restore(engine, { before, waits });
  // By the first attempt it is as it was, and the engine has nothing to change.
  expect(seen).toEqual([]);
  await expect(fail()).rejects.toThrow("the gate stays closed");
  await restore(engine, { before, waits });
  expect(seen).toEqual([expect.objectContaining({ size: 0 })]);
  expect((await engine.exportDeployment()).deployment?.resources).toEqual(
    before.deployment?.resources,
  );
});
