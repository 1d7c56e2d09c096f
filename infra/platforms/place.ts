import {
  isSameCluster,
  type ClusterIdentity,
} from "../../components/platform/kubernetes/cluster-identity.ts";
import { defaultNamespace } from "../../components/platform/kubernetes/names.ts";

/**
 * Where a stack runs. Plain data, kept in the journal: whoever finds the stack later has the state alone, and must not
 * look for its objects elsewhere.
 */
export type Place = DockerPlace | KubernetesPlace;

interface DockerPlace {
  /** The engine that the environment names. */
  readonly platform: "docker";
}

export interface KubernetesPlace {
  readonly platform: "kubernetes";
  /** Every object of the stack is in it, and nothing else. */
  readonly namespace: string;
  /**
   * Context of the kubeconfig. Its name is a matter of the machine: `cluster` says whether it is the right one.
   *
   * @default the one that is current
   */
  readonly context?: string;
  /**
   * Path of the kubeconfig; never part of the journal.
   *
   * @default KUBECONFIG, else ~/.kube/config, else the service account of the pod that this runs in
   */
  readonly kubeconfig?: string;
  /** The cluster that the objects are in; absent before the first deployment. */
  readonly cluster?: ClusterIdentity;
}

/** What a stack's settings say of its place. */
export interface PlaceSettings {
  readonly platform: "docker" | "kubernetes";
  readonly kubernetes?: {
    /** @default mcp-fleet-<stack> */
    readonly namespace?: string | undefined;
    readonly context?: string | undefined;
    readonly kubeconfig?: string | undefined;
  };
}

/** Where the settings put a stack. */
export function placeOf({ platform, kubernetes = {} }: PlaceSettings, stack: string): Place {
  if (platform === "docker") return { platform };
  const { namespace = defaultNamespace(stack), context, kubeconfig } = kubernetes;
  return {
    ...{ platform, namespace },
    ...(context !== undefined && { context }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  };
}

/** Where the journal says that the stack's objects are; undefined without one. */
export function placeIn(journal: { readonly context: unknown } | undefined): Place | undefined {
  if (journal === undefined) return undefined;
  const { place } = (journal.context ?? {}) as { readonly place?: Place };
  // Docker was the only platform when journals did not say it.
  return place ?? { platform: "docker" };
}

/**
 * Where the objects of a stack are.
 *
 * The journal decides, not the settings: these may have been changed since, or given on the command line of a `pulumi
 * up`, and a rollback that looks on the wrong platform finds nothing to remove and calls it done. Only the way to the
 * cluster is the settings' own: names of contexts and paths differ between machines.
 *
 * @param kept `placeIn` its journal.
 */
export function deployedPlace(kept: Place | undefined, asked: Place): Place {
  if (kept?.platform !== "kubernetes" || asked.platform !== "kubernetes") return kept ?? asked;
  const { context = kept.context, kubeconfig } = asked;
  return {
    ...kept,
    ...(context !== undefined && { context }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  };
}

/** What of a place goes into the journal. */
export function keptPlace(place: Place): Place {
  if (place.platform === "docker") return place;
  const { kubeconfig: _, ...kept } = place;
  return kept;
}

/**
 * Why a stack that is deployed in one place cannot be updated in another: an update would make everything new there, with
 * empty volumes, and delete what it can no longer reach. Undefined if it is the same place.
 */
export function moveObjection(
  stack: string,
  kept: Place | undefined,
  asked: Place,
): string | undefined {
  if (kept === undefined || isSamePlace(kept, asked)) return undefined;
  return (
    `stack ${stack} is deployed on ${describePlace(kept)}, and its settings say ${describePlace(asked)}; ` +
    `set them back, use another stack name for the new place, or ./fleet destroy --stack ${stack} first`
  );
}

function isSamePlace(a: Place, b: Place): boolean {
  if (a.platform !== "kubernetes" || b.platform !== "kubernetes") return a.platform === b.platform;
  return a.namespace === b.namespace && isSameCluster(a.cluster, b.cluster);
}

function describePlace(place: Place): string {
  if (place.platform === "docker") return "docker";
  const { namespace, cluster, context } = place;
  const where = cluster?.server ?? (context === undefined ? undefined : `context ${context}`);
  return `kubernetes, namespace ${namespace}${where === undefined ? "" : ` at ${where}`}`;
}
