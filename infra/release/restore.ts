import type { Deployment, ResourceRecord, StackExport } from "./deployment.ts";
import {
  mergeForRollback,
  presentPart,
  replacedDeleteFirst,
  unchangedPart,
  unsureDeletions,
  type MergeOptions,
} from "./merge.ts";
import { replayProgram, type ReplayOptions } from "./replay.ts";
import type { OperationCounts, ReleaseEngine } from "./engine-run.ts";
import { withOpenJournal } from "./open-journal.ts";
import { readRecords } from "./records.ts";
import { settle } from "./settle.ts";

export interface RestoreOptions extends MergeOptions, ReplayOptions {
  /** What to return to, exported with secrets open; undefined if the failed update was the first. */
  readonly before: StackExport | undefined;
  /**
   * Looks at the objects themselves before it replays. Needed after a crash: the state then does not know how far an
   * interrupted step came.
   *
   * @default only if the state leaves open whether something was deleted
   */
  readonly refresh?: boolean;
  /**
   * State of the failed update, if it was just read. The engine's own lock keeps others from changing it meanwhile: an
   * update of theirs either holds that lock, and the import fails, or is refused because a transaction is open.
   *
   * @default exported now
   */
  readonly failed?: StackExport;
  /**
   * State in which the transaction that is rolled back is open. A second attempt needs it: the first may have closed the
   * transaction in the state, and it has to be open again until the objects are what they were.
   *
   * @default `failed`
   */
  readonly opened?: Deployment | undefined;
  /** Called when the objects are those of `before`, while the state is still being put in order. */
  readonly onReplayed?: () => void;
  /**
   * Removes objects of this lineage whose creation was cut off and which are in no state; called before the replay with
   * the records of both states.
   */
  readonly removeStray?: RemoveStray;
}

/** @param lineage of the state; undefined if it has none. */
export type RemoveStray = (
  known: readonly ResourceRecord[],
  lineage: string | undefined,
) => Promise<void>;

export interface RestoreReport {
  /** Steps of the replay, by what they did to objects, components and providers alike; of one that failed, none. */
  readonly counts: OperationCounts;
  /** Whether the final state is the one from before, resource by resource. */
  readonly exact: boolean;
  /** URNs that had to be made again or came out with other outputs. */
  readonly different: readonly string[];
  /** Those of them that are other objects now: they were gone. */
  readonly remade: readonly string[];
  readonly milliseconds: {
    readonly export: number;
    readonly merge: number;
    readonly strays: number;
    readonly replay: number;
    readonly settle: number;
    readonly total: number;
  };
}

/**
 * Returns a stack from a failed or interrupted update to the deployment before it: merge, replay, settle. Can be run
 * again at any point where it was cut off itself.
 *
 * @throws what the engine says if a step fails
 */
export async function restore(
  engine: ReleaseEngine,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const clock = stopwatch();
  const failed = options.failed ?? (await engine.exportDeployment());
  const exported = clock.lap();

  const before = options.before?.deployment ?? undefined;
  const current = failed.deployment ?? {};
  // Until the last import the state says that a rollback is under way.
  const { deployment: goal, close } = withOpenJournal(options.opened ?? current, before);
  const merged = mergeForRollback(current, goal, options);
  await engine.importDeployment({ ...failed, deployment: merged });
  const mergeTook = clock.lap();

  const { journal } = readRecords((options.opened ?? current).resources ?? []);
  await options.removeStray?.(
    [current, before].flatMap((deployment) => deployment?.resources ?? []),
    journal?.lineage,
  );
  const strays = clock.lap();

  const deleteFirst = new Set([
    ...(options.deleteFirst ?? []),
    ...replacedDeleteFirst(current, goal),
  ]);
  const run = { refresh: options.refresh === true || unsureDeletions(current, goal).size > 0 };
  // What a refresh finds is not known yet.
  const unchanged = run.refresh ? undefined : unchangedPart(merged, goal);
  const replay = { ...options, deleteFirst };
  const program = replayProgram(goal, { ...replay, ...(unchanged && { unchanged }) });
  const counts = await engine.up(program, run).catch(async (error: unknown) => {
    // What is gone may want a port or a name that a new object holds, and new objects are deleted last.
    if (deleteFirst.size === 0) throw error;
    const cleared = await deleteNewObjects(engine, goal, replay);
    // That replay has said every input, so plugins no longer know what they had chosen: left open, they would choose anew.
    return sum(cleared, await engine.up(replayProgram(goal, replay), run));
  });
  const replayed = clock.lap();
  options.onReplayed?.();

  const after = await engine.exportDeployment();
  const closed = close(after.deployment ?? {});
  const { deployment, different, remade } = settle(closed, before, options);
  await engine.importDeployment({ ...(options.before ?? after), deployment });
  const settled = clock.lap();

  return {
    counts,
    exact: different.length === 0,
    different,
    remade,
    milliseconds: {
      ...{ export: exported, merge: mergeTook, strays, replay: replayed, settle: settled },
      total: clock.total(),
    },
  };
}

/** Deletes all that the goal does not have and leaves the rest as it is; but a parent that is gone is made, for its children. */
async function deleteNewObjects(
  engine: ReleaseEngine,
  goal: Deployment | undefined,
  options: MergeOptions & ReplayOptions,
): Promise<OperationCounts> {
  const current = await engine.exportDeployment();
  const merged = mergeForRollback(current.deployment ?? {}, goal, {
    ...options,
    replacements: "condemned",
  });
  await engine.importDeployment({ ...current, deployment: merged });
  return engine.up(replayProgram(presentPart(merged, goal), options), { refresh: false });
}

/** What two runs did; what the last one left alone was left alone. */
function sum(first: OperationCounts, last: OperationCounts): OperationCounts {
  return {
    created: first.created + last.created,
    updated: first.updated + last.updated,
    deleted: first.deleted + last.deleted,
    same: last.same,
  };
}

function stopwatch() {
  const start = performance.now();
  let last = start;
  return {
    lap(): number {
      const now = performance.now();
      const elapsed = Math.round(now - last);
      last = now;
      return elapsed;
    },
    total: () => Math.round(performance.now() - start),
  };
}
