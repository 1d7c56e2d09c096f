import { pathOf, shown, subjectOf, type Finding, type Manifest } from "./manifest.ts";
import { selects, templateOf, type PodTemplate, type Selecting } from "./pods.ts";

type Step = string | number;

/** Objects that the stack's settings name and somebody else makes, as `Secret registry-login`. */
export type Foreign = ReadonlySet<string>;

/** What objects name, and is not among them; and selectors that no pod fits. */
export function referenceFindings(manifests: readonly Manifest[], foreign: Foreign): Finding[] {
  const findings: Finding[] = [];
  const known = new Map<string, Manifest>();
  for (const manifest of manifests) {
    const subject = subjectOf(manifest);
    if (known.has(subject)) {
      const problem = "there are two objects of this name; one would overwrite the other";
      findings.push({ object: subject, path: "metadata.name", problem });
    }
    known.set(subject, manifest);
  }
  const pods = new PodsByLabel(manifests);
  for (const manifest of manifests) {
    const object = subjectOf(manifest);
    const say = (path: readonly Step[], problem: string): void =>
      void findings.push({ object, path: pathOf(path), problem });
    for (const { kind, name, path } of referencesOf(manifest)) {
      const subject = `${kind} ${name}`;
      if (known.has(subject) || foreign.has(subject)) continue;
      say(path, `got ${shown(name)}; there is no ${kind} of this name among the stack's objects`);
    }
    selectorProblems(manifest, pods, say);
  }
  return findings;
}

interface Reference {
  readonly kind: string;
  readonly name: string;
  readonly path: readonly Step[];
}

function referencesOf(manifest: Manifest): Reference[] {
  const template = templateOf(manifest);
  const at = ["spec", "template", "spec"];
  return [
    ...(template
      ? podReferences(template).map((one) => ({ ...one, path: [...at, ...one.path] }))
      : []),
    ...ownReferences(manifest),
  ];
}

function podReferences({ spec = {} }: PodTemplate): Reference[] {
  const found: (Omit<Reference, "name"> & { readonly name: string | undefined })[] = [];
  const account = spec.serviceAccountName;
  // Every namespace has this one.
  if (account !== "default") {
    found.push({ kind: "ServiceAccount", name: account, path: ["serviceAccountName"] });
  }
  spec.imagePullSecrets?.forEach(({ name }, index) =>
    found.push({ kind: "Secret", name, path: ["imagePullSecrets", index, "name"] }),
  );
  spec.volumes?.forEach(({ secret, configMap, persistentVolumeClaim: claim }, index) => {
    const at = ["volumes", index];
    found.push({ kind: "Secret", name: secret?.secretName, path: [...at, "secret", "secretName"] });
    found.push({ kind: "ConfigMap", name: configMap?.name, path: [...at, "configMap", "name"] });
    const path = [...at, "persistentVolumeClaim", "claimName"];
    found.push({ kind: "PersistentVolumeClaim", name: claim?.claimName, path });
  });
  for (const group of ["containers", "initContainers"] as const) {
    spec[group]?.forEach(({ env = [], envFrom = [] }, container) => {
      env.forEach(({ valueFrom }, index) => {
        const at = [group, container, "env", index, "valueFrom"];
        const { secretKeyRef: secret, configMapKeyRef: map } = valueFrom ?? {};
        found.push({ kind: "Secret", name: secret?.name, path: [...at, "secretKeyRef", "name"] });
        found.push({
          kind: "ConfigMap",
          name: map?.name,
          path: [...at, "configMapKeyRef", "name"],
        });
      });
      envFrom.forEach(({ secretRef, configMapRef }, index) => {
        const at = [group, container, "envFrom", index];
        found.push({ kind: "Secret", name: secretRef?.name, path: [...at, "secretRef", "name"] });
        found.push({
          kind: "ConfigMap",
          name: configMapRef?.name,
          path: [...at, "configMapRef", "name"],
        });
      });
    });
  }
  return found.flatMap(({ name, ...rest }) => (name === undefined ? [] : [{ ...rest, name }]));
}

interface IngressSpec {
  readonly tls?: readonly { readonly secretName?: string }[];
  readonly rules?: readonly {
    readonly http?: {
      readonly paths?: readonly {
        readonly backend?: { readonly service?: { readonly name: string } };
      }[];
    };
  }[];
}

function ownReferences({ kind, spec }: Manifest): Reference[] {
  if (kind === "StatefulSet") {
    const { serviceName } = spec as { readonly serviceName?: string };
    return serviceName === undefined
      ? []
      : [{ kind: "Service", name: serviceName, path: ["spec", "serviceName"] }];
  }
  if (kind === "HorizontalPodAutoscaler") {
    const { scaleTargetRef: target } = spec as {
      readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
    };
    return target ? [{ ...target, path: ["spec", "scaleTargetRef", "name"] }] : [];
  }
  if (kind !== "Ingress") return [];
  const { tls = [], rules = [] } = spec as IngressSpec;
  return [
    ...tls.flatMap(({ secretName }, index) =>
      secretName === undefined
        ? []
        : [{ kind: "Secret", name: secretName, path: ["spec", "tls", index, "secretName"] }],
    ),
    ...rules.flatMap(({ http }, rule) =>
      (http?.paths ?? []).flatMap(({ backend }, index) => {
        const path = ["spec", "rules", rule, "http", "paths", index, "backend", "service", "name"];
        return backend?.service ? [{ kind: "Service", name: backend.service.name, path }] : [];
      }),
    ),
  ];
}

/** A large fleet has as many selectors as pods: each asks only those that share one of its labels. */
class PodsByLabel {
  readonly #pods = new Map<string, PodTemplate[]>();

  constructor(manifests: readonly Manifest[]) {
    for (const manifest of manifests) {
      const pod = templateOf(manifest);
      if (pod === undefined) continue;
      for (const label of Object.entries(pod.metadata?.labels ?? {})) {
        const those = this.#pods.get(label.join("="));
        if (those) those.push(pod);
        else this.#pods.set(label.join("="), [pod]);
      }
    }
  }

  has(selector: Readonly<Record<string, string>>): boolean {
    const candidates = Object.entries(selector)
      .map((label) => this.#pods.get(label.join("=")) ?? [])
      .sort((a, b) => a.length - b.length);
    return (candidates[0] ?? []).some((pod) => selects(selector, pod));
  }
}

function selectorProblems(
  manifest: Manifest,
  pods: PodsByLabel,
  say: (path: readonly Step[], problem: string) => void,
): void {
  const { kind, spec } = manifest;
  const own = templateOf(manifest);
  const { selector } = (spec ?? {}) as { readonly selector?: Selecting };
  if (own && selector?.matchLabels && !selects(selector.matchLabels, own)) {
    say(["spec", "selector", "matchLabels"], "its own pods do not have these labels");
  }
  const wanted =
    kind === "Service"
      ? (selector as Readonly<Record<string, string>> | undefined)
      : kind === "PodDisruptionBudget"
        ? selector?.matchLabels
        : undefined;
  if (wanted && !pods.has(wanted)) {
    say(["spec", "selector"], "no pod of the stack has these labels");
  }
  own?.spec?.containers?.forEach(({ volumeMounts = [] }, container) => {
    const volumes = new Set((own.spec?.volumes ?? []).map(({ name }) => name));
    volumeMounts.forEach(({ name }, index) => {
      if (volumes.has(name)) return;
      const at = ["spec", "template", "spec", "containers", container];
      say([...at, "volumeMounts", index, "name"], `got ${shown(name)}; the pod has no such volume`);
    });
  });
}
