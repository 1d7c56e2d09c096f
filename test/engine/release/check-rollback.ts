import { expect } from "vitest";
import type { ResourceRecord, StackExport } from "../../../infra/release/deployment.ts";
import { automationEngine, type ReleaseEngine } from "../../../infra/release/engine-run.ts";
import { unsureDeletions } from "../../../infra/release/merge.ts";
import { restore } from "../../../infra/release/restore.ts";
import { programOf, programText, type Node } from "./program.ts";
import type { Scenario } from "./random-program.ts";
import type { TestStack } from "./test-stack.ts";
import { logicalName, type World, type WorldObject } from "./world.ts";

/** Runs a scenario on an empty stack and leaves it empty again. @throws what does not hold */
export async function checkScenario(test: TestStack, drawn: Scenario): Promise<void> {
  const engine = automationEngine(test.stack);
  let reset: StackExport = { version: 3, deployment: { resources: [] } };
  try {
    await engine.up(programOf(drawn.before), { refresh: false });
    let before = await engine.exportDeployment();
    reset = { ...before, deployment: { ...before.deployment, resources: [] } };
    for (const { after } of drawn.updates) {
      before = await checkUpdate(test.world, engine, { before, drawn, after });
    }
  } finally {
    test.world.objects.clear();
    await engine.importDeployment(reset);
  }
}

interface FailedUpdate {
  readonly before: StackExport;
  readonly drawn: Scenario;
  readonly after: readonly Node[];
}

/** @returns the state that the next update starts from */
async function checkUpdate(
  world: World,
  engine: ReleaseEngine,
  { before, drawn, after }: FailedUpdate,
): Promise<StackExport> {
  const old = new Map(world.objects);
  const contents = world.contents();
  world.forget();
  await mustFail(engine.up(programOf(after), { refresh: false }));
  const gone = namesIn(world, "delete");
  const aside = await leftAside(world, engine, { old, before, gone });

  world.forget();
  const spy = observed(engine);
  const report = await restore(spy.engine, {
    before,
    ...(drawn.logical && { logicalTypes: /:Note$/ }),
  });
  for (const id of aside.keys()) world.objects.delete(id);
  forgetPromised(world, old, spy.exported[0]?.deployment?.resources ?? []);
  const unnamed = (lines: readonly string[]) => withoutNames(lines, [...aside.values()]);
  expect(unnamed(world.contents()), "what the world holds").toEqual(unnamed(contents));
  const unsure =
    unsureDeletions(spy.exported[0]?.deployment ?? {}, before.deployment ?? undefined).size > 0;
  if (!unsure) expect(world.reads, "reads, though nobody asked for a refresh").toBe(0);
  const created = world.log.filter((line) => line.startsWith("create ")).length;
  expect(report.counts.created, "creations in the report").toBe(created);
  const needless = [...namesIn(world, "create")].filter((name) => !gone.has(name));
  expect(needless, "made again although it was there").toEqual([]);
  expect(survivors(world, old, gone), "objects that were never touched").toEqual(
    [...old.values()].filter(({ urn }) => !gone.has(logicalName(urn))).map(({ id }) => id),
  );
  if (gone.size === 0) {
    expect(report.different, "resources that came out different").toEqual([]);
    expect(spy.imported.at(-1)?.deployment?.resources).toEqual(before.deployment?.resources);
    return before;
  }
  world.forget();
  await engine.up(programOf(drawn.before), { refresh: false });
  expect(world.log, "what the old program still has to do").toEqual([]);
  return engine.exportDeployment();
}

/**
 * Follows what becomes of old objects that no deletion touches, and which are made again all the same. Their names join
 * `gone`.
 *
 * - One that is retained stays, and what it stands on is gone and stands there with another id afterwards.
 * - One that was said to go with another is given up without a word to the plugin when the failed update lets go of that
 *   one: it is taken out of the world here if that one was deleted, and stays with it if that one is retained.
 *
 * @returns names of those that stay, by id
 */
async function leftAside(
  world: World,
  engine: ReleaseEngine,
  { old, before: { deployment }, gone }: OldObjects,
): Promise<ReadonlyMap<string, string>> {
  const aside = new Map<string, string>();
  const made = namesIn(world, "create");
  let kept: ReadonlySet<string | undefined> | undefined;
  // In the order of the state: what another stands on, or goes with, comes before it.
  for (const { id = "", urn, retainOnDelete, deletedWith } of deployment?.resources ?? []) {
    const base = old.get(String(old.get(id)?.properties["parentId"]));
    // A note that is retained is in no world: the one that was made under its id is all that there is.
    if (retainOnDelete && !old.has(id) && made.has(logicalName(urn))) gone.add(logicalName(urn));
    if (retainOnDelete) {
      if (base === undefined || !gone.has(logicalName(base.urn))) continue;
      aside.set(id, logicalName(urn));
      gone.add(logicalName(urn));
      continue;
    }
    if (deletedWith === undefined || !gone.has(logicalName(deletedWith))) continue;
    kept ??= await keptBy(engine);
    if (kept.has(id)) continue;
    const stays = [...aside.values()].includes(logicalName(deletedWith));
    if (stays) aside.set(id, logicalName(urn));
    else world.objects.delete(id);
    gone.add(logicalName(urn));
  }
  return aside;
}

interface OldObjects {
  readonly old: ReadonlyMap<string, WorldObject>;
  readonly before: StackExport;
  /** Names of those that were deleted. */
  readonly gone: Set<string>;
}

/** Ids of the objects that a failed update has not let go of. */
async function keptBy(engine: ReleaseEngine): Promise<ReadonlySet<string | undefined>> {
  const failed = (await engine.exportDeployment()).deployment?.resources ?? [];
  return new Set(failed.filter((record) => !record.pendingReplacement).map(({ id }) => id));
}

/** Whoever is made again beside an old object that stays gets another name than that one was given. */
function withoutNames(contents: readonly string[], objects: readonly string[]): string[] {
  return contents.map((line) =>
    objects.reduce((text, name) => text.replace(new RegExp(`"name":"${name}-\\d+"`), ""), line),
  );
}

/**
 * Takes out of the world what the failed program asked to leave alone: data of an object that is given up, and what was
 * said to go with an object that was deleted.
 */
function forgetPromised(
  world: World,
  old: ReadonlyMap<string, WorldObject>,
  failed: readonly ResourceRecord[],
): void {
  const gone = namesIn(world, "delete");
  const fresh = failed.filter(({ id }) => id !== undefined && !old.has(id));
  // In the order of the state: what goes with another stands behind it.
  for (const { id, urn, retainOnDelete, deletedWith } of fresh) {
    const went = deletedWith !== undefined && gone.has(logicalName(deletedWith));
    if (went) gone.add(logicalName(urn));
    if (went || retainOnDelete) world.objects.delete(id!);
  }
}

/** Sees the states go by, which saves exporting them once more. */
function observed(engine: ReleaseEngine) {
  const exported: StackExport[] = [];
  const imported: StackExport[] = [];
  const spy: ReleaseEngine = {
    up: (program, options) => engine.up(program, options),
    async exportDeployment() {
      exported.push(await engine.exportDeployment());
      return exported.at(-1)!;
    },
    async importDeployment(deployment) {
      imported.push(deployment);
      await engine.importDeployment(deployment);
    },
  };
  return { engine: spy, exported, imported };
}

async function mustFail(update: Promise<unknown>): Promise<void> {
  const failed = await update.then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error("the closed gate let the update pass");
}

/** Names of what had this effect since the log was emptied. */
function namesIn(world: World, effect: string): Set<string> {
  const words = world.log.map((line) => line.split(" "));
  return new Set(words.filter(([verb]) => verb === effect).map(([, name]) => name!));
}

/** Ids of the old objects that are still the same ones. */
function survivors(
  world: World,
  old: ReadonlyMap<string, WorldObject>,
  gone: ReadonlySet<string>,
): string[] {
  return [...old.values()]
    .filter(({ id, urn, properties }) => {
      const now = world.objects.get(id)?.properties["serial"];
      return !gone.has(logicalName(urn)) && now === properties["serial"];
    })
    .map(({ id }) => id);
}

/** The programs of a scenario, for reports. */
export function scenarioText({ before, updates, logical }: Scenario): string {
  return [
    `before${logical ? " (notes are logical)" : ""}:`,
    programText(before),
    ...updates.flatMap(({ after }) => ["update:", programText(after)]),
  ].join("\n");
}
