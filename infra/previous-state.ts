import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { labelNames, type PreviousLabels } from "../components/platform/labels.ts";
import { knownIds } from "./orphans.ts";

interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly type?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly delete?: boolean;
  readonly inputs?: { readonly labels?: unknown };
}

/** What an update has to know of the deployment that it starts from. */
export interface PreviousState {
  /** Labels of every object, by logical name. */
  readonly labels: PreviousLabels;
  /** Ids and names of every object that the state knows. */
  readonly known: ReadonlySet<string>;
  /** Identity of the release that is deployed; absent before the first one. */
  readonly release?: string;
  readonly transaction?: string;
}

/**
 * Read before the program registers anything: `pulumi stack export` then still shows the deployment that this update
 * starts from.
 *
 * @throws if the state cannot be read: without it every object would look new and be replaced.
 */
export async function previousState(stack: string): Promise<PreviousState> {
  const { stdout } = await promisify(execFile)(
    "pulumi",
    ["stack", "export", "--stack", stack, "--non-interactive"],
    { maxBuffer: 256 * 1024 * 1024, timeout: 60_000, env: withoutEngineAddresses(process.env) },
  );
  const state = JSON.parse(stdout) as { deployment?: { resources?: StateResource[] } };
  const resources = state.deployment?.resources ?? [];
  const outputs = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const { release, transaction } = outputs;
  return {
    labels: labelsOf(resources),
    known: knownIds(resources),
    ...(typeof release === "string" && { release }),
    ...(typeof transaction === "string" && { transaction }),
  };
}

/** Both shapes in which labels stand in the state: the docker plugin's list, and a plain record. */
export function labelsOf(resources: readonly StateResource[]): PreviousLabels {
  const found = new Map<string, Record<string, string>>();
  for (const { urn, delete: pendingDelete, inputs } of resources) {
    if (pendingDelete) continue;
    const labels: unknown = inputs?.labels;
    const record = Array.isArray(labels)
      ? Object.fromEntries(
          (labels as { label: string; value: string }[]).map(({ label, value }) => [label, value]),
        )
      : ((labels ?? {}) as Record<string, string>);
    if (record[labelNames.revision]) found.set(urn.slice(urn.lastIndexOf("::") + 2), record);
  }
  return found;
}

/** The language host hands the program addresses of its own engine; a second CLI must not think that they are its. */
function withoutEngineAddresses(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([key]) => !/^PULUMI_NODEJS_|^PULUMI_MONITOR|^PULUMI_ENGINE/.test(key),
    ),
  );
}
