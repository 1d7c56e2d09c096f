import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { Cluster } from "@kubernetes/client-node";
import { clusterIdentity, isSameCluster, type ClusterIdentity } from "./cluster-identity.ts";
import { LightConfig, type KubeAccess } from "./light-config.ts";

/** The way to a cluster. */
export interface ClusterAccess {
  /** @default the one that is current */
  readonly context?: string;
  /** Path. @default KUBECONFIG, else ~/.kube/config, else the service account of the pod that this runs in */
  readonly kubeconfig?: string;
  /** The cluster that it has to be. @default any */
  readonly cluster?: ClusterIdentity;
}

export interface OpenedConfig {
  readonly config: KubeAccess;
  readonly context: string;
  readonly cluster: ClusterIdentity;
}

/** There is no kubeconfig here, or no cluster that answers; the message says what to do about it. */
export class NoClusterError extends Error {
  override readonly name = "NoClusterError";
}

/** What the client library takes for a cluster where it found no configuration. */
const nowhere = "http://localhost:8080";

/** @throws with the fix, if there is no way to the cluster that is meant. */
export async function openKubeConfig(access: ClusterAccess): Promise<OpenedConfig> {
  const from = access.kubeconfig ?? (process.env["KUBECONFIG"] || "~/.kube/config");
  const config = await readConfig(access, from);
  if (config.getCurrentCluster()?.server === nowhere && access.kubeconfig === undefined) {
    throw new NoClusterError(
      "there is no kubeconfig; point KUBECONFIG or the setting kubernetes.kubeconfig at one, " +
        "as `kind get kubeconfig` or the tool of your cloud writes it",
    );
  }
  select(config, access, from);
  const cluster = config.getCurrentCluster()!;
  const identity = clusterIdentity(cluster.server, authorityOf(cluster));
  if (!isSameCluster(access.cluster, identity)) {
    throw new Error(
      `context ${config.getCurrentContext()} of kubeconfig ${from} leads to ${identity.server}, ` +
        `but the stack lives in the cluster at ${access.cluster!.server}; ` +
        "set kubernetes.context to the one that leads there",
    );
  }
  return { config, context: config.getCurrentContext(), cluster: identity };
}

async function readConfig(access: ClusterAccess, from: string): Promise<KubeAccess> {
  try {
    const [file, ...others] = filesOf(access);
    if (file !== undefined && others.length === 0) {
      const light = await LightConfig.read(file);
      const current = light.getCurrentContext();
      select(light, access, from);
      if (light.suffices) return light;
      light.setCurrentContext(current);
    }
  } catch {
    // The library says what is wrong, or manages.
  }
  const { KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  try {
    if (access.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(access.kubeconfig);
  } catch (error) {
    const message = `kubeconfig ${from} cannot be read: ${(error as Error).message}; correct KUBECONFIG or the setting kubernetes.kubeconfig`;
    const { code } = error as NodeJS.ErrnoException;
    throw code === "ENOENT" ? new NoClusterError(message) : new Error(message);
  }
  return config;
}

/** Files that the configuration is made of; none inside of a pod. */
function filesOf({ kubeconfig }: ClusterAccess): readonly string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const named = process.env["KUBECONFIG"];
  if (named) return named.split(delimiter).filter((file) => file !== "");
  const usual = join(homedir(), ".kube", "config");
  return existsSync(usual) ? [usual] : [];
}

function select(config: KubeAccess, { context, cluster }: ClusterAccess, from: string): void {
  const names = config.getContexts().map(({ name }) => name);
  const list = names.length > 0 ? `it has ${names.join(", ")}` : "it has none";
  const wanted = context ?? config.getCurrentContext();
  if (wanted !== "" && names.includes(wanted)) {
    config.setCurrentContext(wanted);
  } else {
    // The same cluster has another name in the configuration of another machine.
    const same = cluster && names.find((name) => leadsTo(config, name, cluster));
    if (same === undefined) {
      const message =
        context === undefined && wanted === ""
          ? `kubeconfig ${from} has no current context; set kubernetes.context (${list})`
          : `kubeconfig ${from} has no context ${wanted}; correct kubernetes.context (${list})`;
      // An empty one is none; in any other, a name that is not there is mistyped.
      throw names.length === 0 ? new NoClusterError(message) : new Error(message);
    }
    config.setCurrentContext(same);
  }
  if (config.getCurrentCluster() === null) {
    throw new Error(
      `context ${config.getCurrentContext()} of kubeconfig ${from} names a cluster that is not in it; fetch the kubeconfig anew`,
    );
  }
}

function leadsTo(config: KubeAccess, context: string, wanted: ClusterIdentity): boolean {
  const cluster = config.getCluster(config.getContextObject(context)?.cluster ?? "");
  if (cluster === null) return false;
  return isSameCluster(wanted, clusterIdentity(cluster.server, authorityOf(cluster)));
}

function authorityOf({ caFile, caData }: Cluster): Buffer | undefined {
  try {
    if (caFile) return readFileSync(caFile);
  } catch {
    // Said by the first question to it.
    return undefined;
  }
  return caData ? Buffer.from(caData, "base64") : undefined;
}
