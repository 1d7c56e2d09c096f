import { liveResources, nameOf, type Deployment, type StackExport } from "./deployment.ts";
import type { GateVerdict } from "./gate.ts";
import { unchangedPart } from "./merge.ts";
import { readRecords } from "./records.ts";
import { restore, type RestoreReport } from "./restore.ts";
import type { TransactionHost } from "./run-transaction.ts";

export interface RollbackResult {
  readonly outcome: "rolled-back" | "cleaned-up" | "frozen";
  readonly deployment: Deployment | null;
  /** Why it is frozen, each reason once; empty if it is not. */
  readonly reasons: readonly string[];
  readonly report: RestoreReport | undefined;
  /** Milliseconds: `restore`, `verify`, `rollback` for both. */
  readonly timings: Readonly<Record<string, number>>;
}

/** Attempts before the rollback is frozen and left to people. */
const attempts = 3;
/**
 * Milliseconds after which the same words twice are enough: something was waited for that does not come, an image that the
 * old release needs for example, and people could have looked after it meanwhile.
 */
const patience = 60_000;

/**
 * Returns to the deployment before, and proves it by that release's own probes. A rollback is never rolled back: what
 * does not succeed in a few attempts stays as it is, for `recover` to resume.
 *
 * @param before undefined if the failed update was the first one.
 * @param refresh whether the state may be behind reality: after an interruption.
 */
export async function rollBack(
  host: Pick<
    TransactionHost,
    "engine" | "prove" | "waits" | "logicalTypes" | "removeStray" | "note"
  >,
  {
    failed,
    before,
    refresh,
  }: {
    readonly failed: StackExport;
    readonly before: StackExport | undefined;
    readonly refresh: boolean;
  },
): Promise<RollbackResult> {
  const begun = Date.now();
  const reasons: string[] = [];
  // What the update has left alone may have been sick before it.
  const untouched = unchangedPart(failed.deployment ?? {}, before?.deployment ?? undefined);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    // What a first attempt did not manage may have changed under the state.
    const looking = refresh || attempt > 1;
    let proof: Promise<Timed<Awaited<ReturnType<typeof prove>>>> | undefined;
    try {
      const report = await restore(host.engine, {
        before,
        refresh: looking,
        logicalTypes: host.logicalTypes,
        ...(host.waits && { waits: host.waits }),
        ...replaceOrderOf(before?.deployment),
        removeStray: host.removeStray,
        ...(attempt === 1 && { failed }),
        ...(failed.deployment && { opened: failed.deployment }),
        // The probes ask the objects: they need not wait for the state.
        onReplayed: () => {
          proof = timed(prove(host, before?.deployment ?? {}, untouched));
        },
      });
      const restored = Date.now();
      const { result: verdict, milliseconds: verify } = await proof!;
      const timings = {
        ...stepsOf(report),
        restore: restored - begun,
        verify,
        rollback: Date.now() - begun,
      };
      if (verdict.pass) {
        return {
          outcome: before ? "rolled-back" : "cleaned-up",
          deployment: before?.deployment ?? null,
          reasons: [],
          report,
          timings,
        };
      }
      if (looking) {
        return { outcome: "frozen", deployment: null, reasons: verdict.reasons, report, timings };
      }
      // Something of the old release may be gone that the state still has: a look at the objects makes it again.
      host.note(`rollback, attempt ${attempt}: ${verdict.reasons.join("; ")}; trying again`);
    } catch (error) {
      await proof;
      const message = (error as Error).message;
      host.note(`rollback, attempt ${attempt} of ${attempts}: ${message}`);
      const known = reasons.includes(message);
      if (!known) reasons.push(message);
      else if (Date.now() - begun > patience) break;
    }
  }
  return {
    outcome: "frozen",
    deployment: null,
    reasons,
    report: undefined,
    timings: { rollback: Date.now() - begun },
  };
}

interface Timed<Result> {
  readonly result: Result;
  readonly milliseconds: number;
}

async function timed<Result>(work: Promise<Result>): Promise<Timed<Result>> {
  const begun = Date.now();
  return { result: await work, milliseconds: Date.now() - begun };
}

/**
 * Waits for what has to be waited for, then asks the gates that lie in a deployment whether its release works. Where the
 * last replay changed nothing any more, no hook has waited; and a gate that asks too early takes for lost what people have
 * just mended. A question that cannot be asked is an answer.
 *
 * @param untouched URNs of what is not waited for.
 */
export async function prove(
  host: Pick<TransactionHost, "prove" | "waits">,
  deployment: Deployment,
  untouched: ReadonlySet<string> = new Set(),
): Promise<Answer> {
  const touched = liveResources(deployment).filter(({ urn }) => !untouched.has(urn));
  const arrived = await allOf(
    touched.flatMap((record) => {
      const waited = host.waits?.(record)?.(record.inputs);
      return waited === undefined
        ? []
        : [waited.then(() => yes).catch((error: Error) => no(error.message))];
    }),
  );
  if (!arrived.pass) return arrived;
  const { gates } = readRecords(deployment.resources ?? []);
  return allOf(
    [...gates].map(([gate, content]) =>
      host
        .prove(gate, content, deployment)
        .catch((error: Error) => no(`gate ${gate} cannot be asked: ${error.message}`)),
    ),
  );
}

/** Every one has to say yes. */
async function allOf(asked: readonly Promise<Answer>[]): Promise<Answer> {
  const answers = await Promise.all(asked);
  return {
    pass: answers.every(({ pass }) => pass),
    reasons: answers.flatMap(({ reasons }) => reasons),
  };
}

type Answer = Pick<GateVerdict, "pass" | "reasons">;

const yes: Answer = { pass: true, reasons: [] };

function no(reason: string): Answer {
  return { pass: false, reasons: [reason] };
}

/** What a release says of its resources and the state does not keep, by URN; its commit remembers it by type and name. */
export function replaceOrderOf(deployment: Deployment | null | undefined): {
  readonly deleteFirst: ReadonlySet<string>;
  readonly createFirst: ReadonlySet<string>;
  readonly ignoreChanges: ReadonlyMap<string, readonly string[]>;
} {
  const resources = deployment?.resources ?? [];
  const { commit } = readRecords(resources);
  const urns = (names: readonly string[] = []): ReadonlySet<string> => {
    const wanted = new Set(names);
    const found = resources.filter(({ type, urn }) => wanted.has(`${type} ${nameOf(urn)}`));
    return new Set(found.map(({ urn }) => urn));
  };
  return {
    deleteFirst: urns(commit?.deleteFirst),
    createFirst: urns(commit?.createFirst),
    ignoreChanges: new Map(
      resources.flatMap(({ type, urn }): [string, readonly string[]][] => {
        const ignored = commit?.ignoreChanges?.[`${type} ${nameOf(urn)}`];
        return ignored ? [[urn, ignored]] : [];
      }),
    ),
  };
}

/** What each step of the restoration took: `restore.replay` -> ms. */
function stepsOf({ milliseconds }: RestoreReport): Record<string, number> {
  return Object.fromEntries(
    Object.entries(milliseconds)
      .filter(([step]) => step !== "total")
      .map(([step, ms]) => [`restore.${step}`, ms]),
  );
}
