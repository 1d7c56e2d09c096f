import { labelNames, type PreviousLabels } from "../components/platform/labels.ts";
import { knownIds } from "./orphans.ts";
import { readRecords, type StateRecord } from "./release/records.ts";

interface StateResource {
  readonly urn: string;
  readonly id?: string;
  readonly outputs?: Readonly<Record<string, unknown>> | undefined;
  readonly delete?: boolean;
  readonly inputs?: { readonly labels?: unknown } | undefined;
}

/** What an update has to know of the deployment that it starts from. */
export interface PreviousState {
  /** Labels of every object, by logical name. */
  readonly labels: PreviousLabels;
  /** Ids and names of every object that the state knows. */
  readonly known: ReadonlySet<string>;
  /** Identity of the state; undefined before its first transaction. */
  readonly lineage: string | undefined;
}

/** What an update takes from the deployment before it; nothing, if it is the first. */
export function previousState(resources: readonly (StateResource & StateRecord)[]): PreviousState {
  const { journal } = readRecords(resources);
  return { labels: labelsOf(resources), known: knownIds(resources), lineage: journal?.lineage };
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
