import { labelNames, type PreviousLabels } from "../components/platform/labels.ts";

interface StateResource {
  readonly urn: string;
  readonly delete?: boolean;
  readonly inputs?: { readonly labels?: unknown; readonly metadata?: unknown } | undefined;
}

/**
 * Labels of the objects in the state, by logical name. They stand there in three shapes: the docker plugin's list, a plain
 * record, and that of an object of Kubernetes.
 */
export function labelsOf(resources: readonly StateResource[]): PreviousLabels {
  const found = new Map<string, Record<string, string>>();
  for (const { urn, delete: pendingDelete, inputs } of resources) {
    if (pendingDelete) continue;
    const metadata = inputs?.metadata as { readonly labels?: unknown } | undefined;
    const labels: unknown = inputs?.labels ?? metadata?.labels;
    const record = Array.isArray(labels)
      ? Object.fromEntries(
          (labels as { label: string; value: string }[]).map(({ label, value }) => [label, value]),
        )
      : ((labels ?? {}) as Record<string, string>);
    if (record[labelNames.revision]) found.set(urn.slice(urn.lastIndexOf("::") + 2), record);
  }
  return found;
}
