import type { KubernetesObject } from "../../../../components/platform/kubernetes/objects.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

/** Pools that grow with what is waiting start without any node: labels that none has are no mistake for certain. */
export async function nodeFindings({ client, settings }: Asked): Promise<Findings> {
  const wanted = Object.entries(settings.nodeSelector);
  if (wanted.length === 0) return {};
  const nodes = await seen(client.api.list<KubernetesObject>("/api/v1/nodes"));
  if (nodes === undefined) return { unseen: [`nodes (${at("nodeSelector")})`] };
  const fits = nodes.some(({ metadata }) =>
    wanted.every(([label, value]) => metadata.labels?.[label] === value),
  );
  if (fits) return {};
  const text = wanted.map(([label, value]) => `${label}=${value}`).join(",");
  return {
    warnings: [
      `${at("nodeSelector")}: none of ${nodes.length} node(s) has ${text}; unless nodes with it come when they are needed, correct it or label those that are meant`,
    ],
  };
}
