import { hostname } from "node:os";
import type { Site } from "../platforms/site.ts";
import { historyDirectory } from "../release/history-place.ts";
import { History } from "../release/history.ts";
import { owner } from "../release/lease.ts";
import type { ReleaseEvent } from "../release/link.ts";
import type { TransactionHost } from "../release/run-transaction.ts";
import { labelNames } from "../../components/platform/labels.ts";
import type { CommandContext } from "./context.ts";
import type { FleetStack } from "./fleet-stack.ts";
import type { Interrupt } from "./interrupt.ts";
import { workTree } from "./work-tree.ts";

const project = "mcp-fleet";

/**
 * What lives in the state alone: generated passwords and identifiers, and the records of the release itself. Images too:
 * they stay on the engine whatever becomes of their record.
 */
const logicalTypes = /^(random:|docker:index\/remoteImage:|pulumi:index:Stash$)/;

/**
 * What the release engine needs of this fleet: its state, the platform that it runs on, its probes, its history.
 *
 * @param site where the objects of the state are, not where the settings say.
 * @param known transaction whose objects are evidence, if it began before this host was made.
 */
export async function releaseHost(
  context: CommandContext,
  stack: FleetStack,
  site: Site,
  interrupt: Interrupt,
  onEvent: (event: ReleaseEvent) => void,
  known = "",
): Promise<TransactionHost> {
  const ci = ciRun(context.env);
  let transaction = known;
  type Labels = Readonly<Record<string, string>>;
  const isNew = (labels: Labels): boolean => labels[labelNames.transaction] === transaction;
  const isSubject = (labels: Labels, subjects: readonly string[]): boolean =>
    subjects.includes(labels[labelNames.component] ?? "");
  return {
    stack: context.stack,
    engine: stack.releaseEngine(interrupt),
    exportEncrypted: () => stack.export(),
    history: new History(historyDirectory(project, context.stack)),
    who: { ...owner(), host: hostname(), ...(ci && { ci }) },
    commit: await workTree(context.rootDir),
    prove: async (gate, content, deployment) => {
      // The probes' clients take a second to load, and only a rollback needs them here.
      const [{ asProof, judgeHealth }, { secretsOf }] = await Promise.all([
        import("../health-judge.ts"),
        import("../probe-secrets.ts"),
      ]);
      const transport = site.transport(content.transaction);
      try {
        const proof = { ...content, policy: asProof(content.policy) };
        return await judgeHealth(gate, proof, transport, {
          secrets: secretsOf(deployment),
          tell: onEvent,
        });
      } finally {
        await transport.close();
      }
    },
    waits: (record) => site.waits?.(record),
    logicalTypes,
    collectEvidence: (folder, subjects) =>
      site.collectEvidence(folder, {
        wanted: (labels) => isNew(labels) || isSubject(labels, subjects),
        failed: (labels) => isNew(labels) && isSubject(labels, subjects),
      }),
    stopFailing: (subjects) =>
      site.stopFailing((labels) => isNew(labels) && isSubject(labels, subjects)),
    removeStray: async (known, lineage) =>
      site.removeOrphans((await site.findUnknown(known, lineage)).orphans),
    note: context.note,
    onEvent: (event) => {
      if (event.kind === "begin") transaction = event.transaction;
      onEvent(event);
    },
  };
}

/** Folder of the stack's history, leases and evidence. */
export function historyOf(stack: string): string {
  return historyDirectory(project, stack);
}

/** Run of a CI system, as its own address; undefined outside of one. */
function ciRun(env: NodeJS.ProcessEnv): string | undefined {
  if (env["GITHUB_RUN_ID"]) {
    return `${env["GITHUB_SERVER_URL"] ?? ""}/${env["GITHUB_REPOSITORY"] ?? ""}/actions/runs/${env["GITHUB_RUN_ID"]}`;
  }
  return env["CI_JOB_URL"] ?? env["BUILD_URL"] ?? (env["CI"] ? "unnamed CI run" : undefined);
}
