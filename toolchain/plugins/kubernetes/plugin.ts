import { mapProperties, withoutSecrets, type Properties } from "../bridge/values.ts";
import type { EngineLog } from "../rpc/engine-log.ts";
import type { Provider, ReadAnswer } from "../rpc/provider.ts";
import { check } from "./check.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { type Cluster, targetOf, type Target } from "./cluster/cluster.ts";
import { create } from "./create.ts";
import { remove } from "./delete.ts";
import { diffSettings } from "./diff-settings.ts";
import { diff } from "./diff.ts";
import { kindOf } from "./kinds.ts";
import { normalise } from "./normalise.ts";
import { hasUnknown } from "./object.ts";
import type { Declared, Operation } from "./operation.ts";
import { read } from "./read.ts";
import { checkSettings, parseSettings, type Settings } from "./settings.ts";
import { update } from "./update.ts";

/** How to get on after a cluster was deleted with everything in it. */
const UNREACHABLE_HELP =
  "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the " +
  'operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"';

/** What an operation has of its own; the rest is the plugin's. */
type Own = Pick<Operation, "urn"> &
  Partial<Pick<Operation, "preview" | "timeout">> & { type: string };

/**
 * The stand-in for the official kubernetes plugin.
 *
 * @param version version of the official plugin that it answers like
 * @param env where the configuration of the cluster is looked for
 */
export function kubernetesProvider(
  version: string,
  log: EngineLog,
  env: NodeJS.ProcessEnv,
): Provider {
  const abort = new AbortController();
  let settings: Settings = parseSettings({}, env);
  let target: Target | undefined;
  const reach = () => (target ??= targetOf(settings, env, abort.signal)).reach();

  const operationOn = (cluster: Cluster, own: Own): Operation => {
    let hasStatus = false;
    return {
      ...{ urn: own.urn, kind: kindOf(own.type), cluster, settings, signal: abort.signal },
      preview: own.preview ?? false,
      timeout: own.timeout ?? 0,
      status: (severity, message) => {
        // Nothing needs no taking away.
        if (message !== "" || hasStatus) log.status(severity, own.urn, message);
        hasStatus = message !== "";
      },
      log: (severity, message) => log.log(severity, own.urn, message),
    };
  };
  /** For what has no answer without a cluster. */
  const reached = async (): Promise<Cluster> => {
    const { cluster, reason } = await reach();
    if (cluster !== undefined) return cluster;
    throw new Error(`configured Kubernetes cluster is unreachable: ${reason}`);
  };
  /** Whether what cannot be reached is to be forgotten. @throws if not */
  const forgets = (urn: string, reason: string, problem: string): true => {
    log.log("warning", urn, `configured Kubernetes cluster is unreachable: ${reason}`);
    if (!settings.deleteUnreachable) throw new Error(`${problem}. ${UNREACHABLE_HELP}`);
    const message =
      "configured Kubernetes cluster is unreachable and the `deleteUnreachable` option is enabled. " +
      "Deleting the unreachable resource from Pulumi state";
    log.log("info", urn, message);
    return true;
  };
  /** The cluster, if a preview can ask it: not of values that are yet to come, nor of kinds that are. */
  const foreseeing = async (type: string, inputs: Properties) => {
    const { cluster } = hasUnknown(inputs) ? {} : await reach();
    return cluster?.serves(kindOf(type).apiVersion) === true ? cluster : undefined;
  };

  return {
    version,
    features: { acceptResources: false, acceptSecrets: true },
    checkConfig: checkSettings,
    diffConfig: diffSettings,

    configure(args) {
      settings = parseSettings(args, env);
      target = targetOf(settings, env, abort.signal);
      // The first to need the cluster finds the answer there.
      void target.reach();
    },

    check: (request) =>
      check(request, target?.namespace ?? "", (message) =>
        log.log("warning", request.urn, message),
      ),

    diff: (request) => diff(request, settings.mutable),

    async create(request) {
      const declared = declaredBy(request.properties);
      const cluster = request.preview
        ? await foreseeing(request.type, declared.inputs)
        : await reached();
      if (cluster === undefined) return { id: "", properties: request.properties };
      return create(operationOn(cluster, request), declared);
    },

    async update(request) {
      const { inputs, from } = declaredBy(request.news);
      const declared = { inputs: normalise(kindOf(request.type), inputs), from };
      const cluster = request.preview ? await foreseeing(request.type, inputs) : await reached();
      if (cluster === undefined) return { properties: request.news };
      const old = parseCheckpoint(request.olds);
      return update(operationOn(cluster, request), old, declared, request.ignoreChanges ?? []);
    },

    async read(request): Promise<ReadAnswer> {
      const { cluster, reason } = await reach();
      if (cluster === undefined) {
        forgets(request.urn, reason, "failed to read resource state due to unreachable cluster");
        return {};
      }
      const declared = declaredBy(request.inputs);
      return read(operationOn(cluster, request), request.id, request.properties, declared);
    },

    async delete(request) {
      const { cluster, reason } = await reach();
      if (cluster === undefined) {
        forgets(request.urn, reason, "configured Kubernetes cluster is unreachable");
        return;
      }
      const old = parseCheckpoint(request.properties);
      return remove(operationOn(cluster, request), old, request.properties);
    },

    cancel: () => abort.abort(new Error("the operation was cancelled")),
  };
}

function declaredBy(from: Properties): Declared {
  return { inputs: mapProperties(from, withoutSecrets), from };
}
