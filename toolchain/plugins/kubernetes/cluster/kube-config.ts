import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import type { Properties } from "../../bridge/values.ts";

const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Where and as whom to reach a cluster. */
export interface Selection {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
}

/** @param pathOrContent a file, `~` included, or the text of one */
export function parseKubeConfig(pathOrContent: string): KubeConfig {
  const path = pathOrContent.replace(/^~(?=\/|$)/, homedir());
  const config = new KubeConfig();
  if (existsSync(path)) {
    config.loadFromString(readFileSync(path, "utf8"));
    config.makePathsAbsolute(dirname(path));
  } else config.loadFromString(pathOrContent);
  return config;
}

/**
 * The configuration that is meant: the given one, else the files of `KUBECONFIG`, else `~/.kube/config`, else the
 * service account of the pod that this runs in.
 *
 * @throws if there is none, or what was selected is not in it
 */
export function loadKubeConfig(selection: Selection, env: NodeJS.ProcessEnv): KubeConfig {
  const config =
    selection.kubeconfig === undefined ? ambient(env) : parseKubeConfig(selection.kubeconfig);
  const name = selection.context ?? config.currentContext;
  const context = config.getContextObject(name);
  if (context === null) {
    const known = config.getContexts().map((entry) => entry.name);
    throw new Error(
      name === undefined || name === ""
        ? "invalid configuration: no configuration has been provided"
        : `context "${name}" does not exist (there is ${known.join(", ") || "none"})`,
    );
  }
  const cluster = selection.cluster ?? context.cluster;
  if (config.getCluster(cluster) === null) throw new Error(`cluster "${cluster}" does not exist`);
  config.loadFromOptions({
    clusters: config.clusters,
    users: config.users,
    contexts: [{ ...context, cluster }],
    currentContext: name,
  });
  return config;
}

function ambient(env: NodeJS.ProcessEnv): KubeConfig {
  const listed = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  const files = listed.length > 0 ? listed : [join(env["HOME"] ?? homedir(), ".kube", "config")];
  const merged = new KubeConfig();
  const present = files.filter((path) => existsSync(path));
  for (const path of present) merged.mergeConfig(parseKubeConfig(path));
  if (present.length === 0 && existsSync(SERVICE_ACCOUNT_TOKEN)) merged.loadFromCluster();
  return merged;
}

/** What a kubeconfig says of the cluster that it would lead to. */
export function activeCluster(
  config: KubeConfig,
  context: string | undefined,
  cluster: string | undefined,
): Properties | undefined {
  const entry = config.getContextObject(context ?? config.currentContext);
  if (entry === null) return undefined;
  const found = config.getCluster(cluster ?? entry.cluster);
  return found === null ? undefined : (JSON.parse(JSON.stringify(found)) as Properties);
}
