import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { lastLines } from "../exec.ts";
import { toolProblem } from "../report.ts";
import type { Api } from "./api.ts";
import type { ComponentName } from "./component.ts";
import { CLUSTER_DOMAIN, type Layout, NODE_NAME } from "./layout.ts";
import { isRunning, startProblem } from "./processes.ts";

const POLL_MS = 150;
const DNS_MS = 500;

/** Something that a ready cluster has. */
export interface Condition {
  readonly name: string;
  readonly holds: () => Promise<boolean>;
}

/**
 * Waits until every condition has held once.
 *
 * @throws ToolchainError when one of `alive` ends, or with what is missing when the time is over
 */
export async function waitFor(
  dir: string,
  conditions: readonly Condition[],
  alive: readonly ComponentName[],
  timeoutMs: number,
): Promise<void> {
  let missing = conditions;
  let lastError = "";
  const until = Date.now() + timeoutMs;
  while (missing.length > 0) {
    const held = await Promise.all(
      missing.map(({ holds }) =>
        holds().catch((error: Error) => {
          lastError = error.message;
          return false;
        }),
      ),
    );
    missing = missing.filter((_, index) => held[index] !== true);
    if (missing.length === 0) return;
    for (const name of alive) {
      if (!(await isRunning(dir, name))) throw await startProblem(dir, name);
    }
    if (Date.now() > until) {
      const names = missing.map(({ name }) => name).join(", ");
      const said = lastError === "" ? "" : `\n${lastLines(lastError)}`;
      throw toolProblem(
        "kubernetes cluster",
        `after ${timeoutMs / 1000} s there is no ${names}${said}`,
        `read the logs in ${dir}/logs`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** The API server takes requests, its first roles included. */
export function apiIsReady(api: Api): Condition {
  const holds = async (): Promise<boolean> => {
    const { status, body } = await api.get("/readyz");
    if (status === 200) return true;
    throw new Error(`HTTP ${status}: ${body}`);
  };
  return { name: "ready API server", holds };
}

interface WithConditions {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function hasCondition(api: Api, path: string, type: string): Promise<boolean> {
  const { status, body } = await api.get(path);
  if (status !== 200) return false;
  const { conditions } = (JSON.parse(body) as WithConditions).status ?? {};
  return conditions?.some((found) => found.type === type && found.status === "True") ?? false;
}

/** What is promised of a cluster that has started. */
export function clusterIsReady(layout: Layout, api: Api): readonly Condition[] {
  const there = async (path: string): Promise<boolean> => (await api.get(path)).status === 200;
  return [
    {
      name: "ready node",
      holds: () => hasCondition(api, `/api/v1/nodes/${NODE_NAME}`, "Ready"),
    },
    {
      name: "service account for pods",
      holds: () => there("/api/v1/namespaces/default/serviceaccounts/default"),
    },
    {
      name: "default storage class",
      holds: () => there("/apis/storage.k8s.io/v1/storageclasses/local-path"),
    },
    {
      name: "metrics API",
      holds: () =>
        hasCondition(
          api,
          "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io",
          "Available",
        ),
    },
    { name: "answer of the cluster's DNS", holds: () => resolves(layout) },
  ];
}

/** Asked by way of the Service: so kube-proxy's rules and the pod's network are proven too. */
async function resolves(layout: Layout): Promise<boolean> {
  const resolver = new Resolver({ timeout: DNS_MS, tries: 1 });
  resolver.setServers([layout.dnsService]);
  const addresses = await resolver.resolve4(`kubernetes.default.svc.${CLUSTER_DOMAIN}`);
  return addresses.includes(layout.apiService);
}
