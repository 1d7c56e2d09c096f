import type { KubernetesObject } from "../../../../components/platform/kubernetes/objects.ts";
import { at, seen, type Asked, type Findings } from "./findings.ts";

/** Binding at first use is fine: claims are not awaited before their pods. */
export async function storageClassFindings(asked: Asked): Promise<Findings> {
  return classFindings(asked, {
    path: "/apis/storage.k8s.io/v1/storageclasses",
    what: "storage class",
    setting: at("storage.className"),
    wanted: asked.settings.storage.className,
    defaults: [
      "storageclass.kubernetes.io/is-default-class",
      "storageclass.beta.kubernetes.io/is-default-class",
    ],
  });
}

export async function ingressClassFindings(asked: Asked): Promise<Findings> {
  const { ingress } = asked.settings.gateway;
  if (ingress === undefined) return {};
  return classFindings(asked, {
    path: "/apis/networking.k8s.io/v1/ingressclasses",
    what: "ingress class",
    setting: at("gateway.ingress.className"),
    wanted: ingress.className,
    defaults: ["ingressclass.kubernetes.io/is-default-class"],
  });
}

/** Where none is named, there need not be any. */
export async function priorityClassFindings(asked: Asked): Promise<Findings> {
  const wanted = asked.settings.priorityClassName;
  if (wanted === undefined) return {};
  const path = "/apis/scheduling.k8s.io/v1/priorityclasses";
  const setting = at("priorityClassName");
  return classFindings(asked, { path, what: "priority class", setting, wanted, defaults: [] });
}

interface Classes {
  readonly path: string;
  readonly what: string;
  readonly setting: string;
  readonly wanted: string | undefined;
  /** Annotations of the class that is taken where none is named. */
  readonly defaults: readonly string[];
}

async function classFindings(
  { client }: Asked,
  { path, what, setting, wanted, defaults }: Classes,
): Promise<Findings> {
  const classes = await seen(client.api.list<KubernetesObject>(path));
  if (classes === undefined) {
    return { unseen: [`${path.slice(path.lastIndexOf("/") + 1)} (${setting})`] };
  }
  const names = classes.map(({ metadata }) => metadata.name).sort();
  const fix =
    names.length > 0
      ? `set it to one that there is: ${names.join(", ")}`
      : `there is none at all: have one made`;
  if (wanted !== undefined) {
    return names.includes(wanted)
      ? {}
      : { problems: [`${setting}: got ${wanted}; the cluster has no such ${what}; ${fix}`] };
  }
  const isDefault = ({ metadata: { annotations = {} } }: KubernetesObject): boolean =>
    defaults.some((name) => annotations[name] === "true");
  return classes.some(isDefault)
    ? {}
    : { problems: [`${setting}: not set, and the cluster has no default ${what}; ${fix}`] };
}
