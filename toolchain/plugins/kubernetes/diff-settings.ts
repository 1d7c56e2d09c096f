import type { DiffAnswer } from "../bridge/diff.ts";
import {
  deepEqual,
  mapProperties,
  UNKNOWN,
  withoutSecrets,
  type Properties,
} from "../bridge/values.ts";
import { activeCluster, parseKubeConfig } from "./cluster/kube-config.ts";

/** Settings that say which cluster is meant. */
const PLACE = ["kubeconfig", "context", "cluster"];
const IDENTIFIER = "clusterIdentifier";

/**
 * A change of the provider's settings replaces everything in the cluster if they mean another cluster now: by the
 * identifier, where there is one, else by what the kubeconfig says of the active cluster.
 */
export function diffSettings(oldSettings: Properties, newSettings: Properties): DiffAnswer {
  const olds = mapProperties(oldSettings, withoutSecrets);
  const news = mapProperties(newSettings, withoutSecrets);
  const diffs = [...new Set([...Object.keys(olds), ...Object.keys(news)])]
    .filter((name) => !deepEqual(olds[name], news[name]))
    .sort();
  if (diffs.length === 0) return { changes: "DIFF_NONE" };
  const identified = news[IDENTIFIER] !== undefined && !diffs.includes(IDENTIFIER);
  const replaces = identified ? [] : replacing(olds, news, diffs);
  return { ...(replaces.length > 0 && { replaces }), changes: "DIFF_SOME", diffs };
}

function replacing(olds: Properties, news: Properties, diffs: readonly string[]): string[] {
  const updated = olds[IDENTIFIER] !== undefined && news[IDENTIFIER] !== undefined;
  const replaces = updated && diffs.includes(IDENTIFIER) ? [IDENTIFIER] : [];
  const unknown = PLACE.find((name) => news[name] === UNKNOWN);
  if (unknown !== undefined) return [...replaces, unknown];
  const [before, after] = [olds, news].map(clusterOf);
  const moved = before !== undefined && after !== undefined && !deepEqual(before, after);
  return moved ? [...replaces, ...PLACE.filter((name) => diffs.includes(name))] : replaces;
}

function clusterOf(settings: Properties): Properties | undefined {
  const { kubeconfig, context, cluster } = settings;
  if (typeof kubeconfig !== "string" || kubeconfig === "") return undefined;
  return activeCluster(
    parseKubeConfig(kubeconfig),
    typeof context === "string" ? context : undefined,
    typeof cluster === "string" ? cluster : undefined,
  );
}
