import { amountOf } from "../../../components/platform/kubernetes/quantity.ts";
import type { Finding, Manifest } from "./manifest.ts";
import { pathOf, shown, subjectOf } from "./manifest.ts";
import { templateOf, type Container } from "./pods.ts";

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const keyName = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const keyPrefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Longest name of a label's value and of a DNS label. */
const longest = 63;
/**
 * Room that a set takes behind its name: `-` and the ten characters of a revision, which together are the value of a
 * label on each of its pods.
 */
const roomOfSet = 11;
/** All files of a Secret or a ConfigMap together, bytes: the API server refuses more. */
const largestFiles = 1024 * 1024;

type Step = string | number;

/** Names, labels, quantities and sizes, which the schemas call text and the API server looks into. */
export function valueFindings(manifest: Manifest): Finding[] {
  const object = subjectOf(manifest);
  const findings: Finding[] = [];
  const say = (path: readonly Step[], problem: string): void =>
    void findings.push({ object, path: pathOf(path), problem });
  nameProblems(manifest, say);
  const template = templateOf(manifest);
  const labelled: [readonly Step[], object | undefined][] = [
    [["metadata", "labels"], manifest.metadata.labels],
    [["spec", "template", "metadata", "labels"], template?.metadata?.labels],
    [["spec", "selector"], labelsIn(manifest)],
    [["spec", "template", "spec", "nodeSelector"], nodeSelectorOf(template)],
  ];
  for (const [path, labels] of labelled) {
    for (const [key, value] of Object.entries(labels ?? {})) {
      keyProblem([...path, key], key, say);
      if (typeof value !== "string") continue;
      if (value.length > longest || !labelValue.test(value)) {
        say(
          [...path, key],
          `got ${shown(value)}; allowed: at most ${longest} letters, digits, dashes, dots and underscores; correct it`,
        );
      }
    }
  }
  for (const key of Object.keys(manifest.metadata.annotations ?? {})) {
    keyProblem(["metadata", "annotations", key], key, say);
  }
  quantityProblems(manifest, say);
  sizeProblem(manifest, say);
  return findings;
}

type Say = (path: readonly Step[], problem: string) => void;

function nameProblems({ kind, metadata: { name } }: Manifest, say: Say): void {
  const most = kind === "StatefulSet" ? longest - roomOfSet : longest;
  if (name.length > most) {
    say(
      ["metadata", "name"],
      `got ${name.length} characters; allowed: at most ${most}; shorten the name of its part in the fleet file`,
    );
  } else if (!label.test(name)) {
    say(
      ["metadata", "name"],
      `got ${shown(name)}; allowed: lower-case letters, digits and dashes, no dash at either end`,
    );
  }
}

function keyProblem(path: readonly Step[], key: string, say: Say): void {
  const parts = key.split("/");
  const name = parts.pop()!;
  const [prefix] = parts;
  const fits =
    parts.length < 2 &&
    keyName.test(name) &&
    (prefix === undefined || (prefix.length <= 253 && keyPrefix.test(prefix)));
  if (!fits) {
    say(
      path,
      `got the key ${shown(key)}; allowed: up to ${longest} letters, digits, dashes, dots and underscores, with a DNS name and / before it if need be`,
    );
  }
}

function labelsIn({ kind, spec }: Manifest): object | undefined {
  const selector = (spec as { readonly selector?: { readonly matchLabels?: object } } | undefined)
    ?.selector;
  return kind === "Service" ? selector : selector?.matchLabels;
}

function nodeSelectorOf(template: ReturnType<typeof templateOf>): object | undefined {
  return (template?.spec as { readonly nodeSelector?: object } | undefined)?.nodeSelector;
}

function quantityProblems(manifest: Manifest, say: Say): void {
  const pod = templateOf(manifest)?.spec;
  const at = ["spec", "template", "spec"];
  for (const group of ["containers", "initContainers"] as const) {
    pod?.[group]?.forEach((container, index) =>
      containerQuantities(container, [...at, group, index], say),
    );
  }
  pod?.volumes?.forEach(({ emptyDir }, index) => {
    const limit = emptyDir?.sizeLimit;
    if (limit !== undefined)
      quantityOf(limit, [...at, "volumes", index, "emptyDir.sizeLimit"], say);
  });
  if (manifest.kind !== "PersistentVolumeClaim") return;
  const { resources } = manifest["spec"] as { readonly resources?: { readonly requests?: object } };
  for (const [name, value] of Object.entries(resources?.requests ?? {})) {
    quantityOf(value, ["spec", "resources", "requests", name], say);
  }
}

function containerQuantities({ resources }: Container, at: readonly Step[], say: Say): void {
  for (const part of ["requests", "limits"] as const) {
    for (const [name, value] of Object.entries(resources?.[part] ?? {})) {
      const path = [...at, "resources", part, name];
      const amount = quantityOf(value, path, say);
      const limit = part === "requests" ? amountOf(resources?.limits?.[name]) : undefined;
      if (amount !== undefined && limit !== undefined && amount > limit) {
        say(path, `got ${shown(value)}; allowed: at most its limit; lower it or raise the limit`);
      }
    }
  }
}

function quantityOf(value: unknown, path: readonly Step[], say: Say): number | undefined {
  const amount = amountOf(value);
  if (amount === undefined) {
    say(path, `got ${shown(value)}; allowed: an amount as Kubernetes writes it, as in 250m or 1Gi`);
  }
  return amount;
}

function sizeProblem(manifest: Manifest, say: Say): void {
  const field = { Secret: "stringData", ConfigMap: "data" }[manifest.kind];
  if (field === undefined) return;
  const files = (manifest[field] ?? {}) as Readonly<Record<string, string>>;
  const sizes = Object.entries(files).map(
    ([file, text]) => [file, Buffer.byteLength(text)] as const,
  );
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  if (all <= largestFiles) return;
  const [largest] = [...sizes].sort(([, a], [, b]) => b - a);
  say(
    [field],
    `got ${all} bytes, most of them ${largest![0]}; allowed: ${largestFiles}; ` +
      `the API server stores no larger ${manifest.kind}: have fewer servers in this fleet`,
  );
}
