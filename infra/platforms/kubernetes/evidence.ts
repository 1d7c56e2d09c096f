import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import {
  timeOf,
  type ContainerStatus,
  type Event,
  type KubernetesObject,
  type Pod,
} from "../../../components/platform/kubernetes/objects.ts";
import { withoutValues } from "../../../components/platform/kubernetes/without-values.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import type { LastWords } from "../../release/run-transaction.ts";
import type { EvidenceChoice } from "../site.ts";
import { lastLines, logLines } from "../evidence-lines.ts";
import { workloadKinds } from "./kinds.ts";

type Events = readonly Event[];

/**
 * Description, events and log of every workload and pod that a transaction made, or that failed a gate. A container that
 * was started again has a second log: that of the run that ended.
 *
 * @returns the last lines of the pods that `failed`; for one without any, what the cluster says of it.
 */
export async function collectPods(
  client: KubernetesClient,
  stack: string,
  folder: string,
  { wanted, failed }: EvidenceChoice,
): Promise<LastWords[]> {
  const query = { labelSelector: `${labelNames.stack}=${stack}` };
  const [pods, events, ...workloads] = await Promise.all([
    client.api.list<Pod>(client.path("v1", "pods"), { query }),
    client.api.list<Event>(client.path("v1", "events")).catch((): Events => []),
    ...workloadKinds.map(async ({ kind, group, plural }) => {
      const items = await client.api.list<KubernetesObject>(client.path(group, plural), { query });
      return items.map((item) => ({ ...item, kind }));
    }),
  ]);
  const isWanted = ({ metadata }: KubernetesObject) => wanted(metadata.labels ?? {});
  const keep = (name: string, object: KubernetesObject, about: Events) =>
    writeFile(join(folder, `${name}.json`), json({ object, events: about }));
  const ownWords = await Promise.all(
    workloads
      .flat()
      .filter(isWanted)
      .map(async (object) => {
        const { kind, metadata } = object;
        const about = eventsOf(events, metadata.name, kind);
        await keep(`${kind.toLowerCase()}-${metadata.name}`, object, about);
        const warnings = about.filter(({ type }) => type === "Warning");
        return { object: metadata.name, labels: metadata.labels ?? {}, lines: wordsOf(warnings) };
      }),
  );
  const podWords = await Promise.all(
    pods.filter(isWanted).map(async (pod) => {
      const { name, labels = {} } = pod.metadata;
      const about = eventsOf(events, name, "Pod");
      const [text] = await Promise.all([
        keepLogs(client, folder, pod),
        keep(name, { ...pod, kind: "Pod" }, about),
      ]);
      const warnings = about.filter(({ type }) => type === "Warning");
      const said = lastLines(text);
      return { object: name, labels, lines: said.length > 0 ? said : wordsOf(warnings) };
    }),
  );
  return [...podWords, ...ownWords]
    .filter(({ labels, lines }) => failed(labels) && lines.length > 0)
    .map(({ object, lines }) => ({ object, lines }));
}

/** @returns what was said last: by the run that goes on, or by the one before if that has said nothing yet. */
async function keepLogs(client: KubernetesClient, folder: string, pod: Pod): Promise<string> {
  const { name } = pod.metadata;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const statuses = [...initContainerStatuses, ...containerStatuses];
  const logs = await Promise.all(
    statuses.flatMap((status) => {
      const file = statuses.length === 1 ? name : `${name}.${status.name}`;
      return [
        keepLog(client, pod, status, { file: join(folder, `${file}.log`), previous: false }),
        ...(status.restartCount > 0
          ? [
              keepLog(client, pod, status, {
                ...{ file: join(folder, `${file}.previous.log`), previous: true },
              }),
            ]
          : []),
      ];
    }),
  );
  return logs.find((text) => text.trim() !== "") ?? "";
}

async function keepLog(
  client: KubernetesClient,
  pod: Pod,
  { name }: ContainerStatus,
  { file, previous }: { readonly file: string; readonly previous: boolean },
): Promise<string> {
  const query = {
    ...{ container: name, tailLines: logLines, timestamps: "true" },
    ...(previous && { previous: "true" }),
  };
  const path = `${client.path("v1", "pods", pod.metadata.name)}/log`;
  // One that never started has none.
  const text = await client.api.text(path, { query }).catch(() => "");
  if (text !== "") await writeFile(file, text);
  return text;
}

function eventsOf(events: Events, name: string, kind: string): Events {
  return events
    .filter(({ involvedObject }) => {
      const { kind: ofKind, name: of = "" } = involvedObject;
      // A Deployment's pods are made by its ReplicaSets.
      const byOwn = ofKind === "ReplicaSet" && kind === "Deployment" && of.startsWith(`${name}-`);
      return (ofKind === kind && of === name) || byOwn;
    })
    .sort((a, b) => ((timeOf(a) ?? "") < (timeOf(b) ?? "") ? -1 : 1));
}

function wordsOf(events: Events): string[] {
  return lastLines(events.map(({ reason, message }) => `${reason}: ${message}`).join("\n"));
}

function json(value: unknown): string {
  return JSON.stringify(withoutValues(value), undefined, 2);
}
