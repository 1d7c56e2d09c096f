import {
  AppsV1Api,
  AutoscalingV2Api,
  type KubeConfig,
  type V1StatefulSet,
  type V2HorizontalPodAutoscaler,
} from "@kubernetes/client-node";
import { parseExposition } from "../../../components/health/exposition.ts";
import type { KubernetesClient } from "../../../components/platform/kubernetes/client.ts";
import { execIn } from "../../../components/platform/kubernetes/exec.ts";
import { labelNames } from "../../../components/platform/labels.ts";
import { serverMetricsPort } from "../../../components/servers/mcp-server.schema.ts";

/** What an autoscaler makes of a server now. */
export interface Scaled {
  readonly set: V1StatefulSet;
  readonly autoscaler: V2HorizontalPodAutoscaler;
  /** Copies that the autoscaler wants. */
  readonly desired: number | undefined;
  /** Use of the requested CPU as it knows it, percent; undefined before it has been told. */
  readonly cpuPercent: number | undefined;
}

/** Looks at the one set of a server and its one autoscaler. */
export async function scaledServer(
  config: KubeConfig,
  namespace: string,
  server: string,
): Promise<Scaled> {
  const selected = { namespace, labelSelector: `${labelNames.component}=${server}` };
  const [sets, scalers] = await Promise.all([
    config.makeApiClient(AppsV1Api).listNamespacedStatefulSet(selected),
    config.makeApiClient(AutoscalingV2Api).listNamespacedHorizontalPodAutoscaler(selected),
  ]);
  const [set, another] = sets.items;
  const [autoscaler] = scalers.items;
  if (!set || another || !autoscaler) {
    throw new Error(
      `${server} has ${sets.items.length} sets and ${scalers.items.length} autoscalers`,
    );
  }
  const { desiredReplicas, currentMetrics } = autoscaler.status ?? {};
  const cpuPercent = currentMetrics?.[0]?.resource?.current.averageUtilization;
  return { set, autoscaler, desired: desiredReplicas, cpuPercent };
}

/** No second Node: there is no room for it in the container's memory. */
const askForMetrics = `exec 3<>/dev/tcp/127.0.0.1/${serverMetricsPort}
printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3
cat <&3`;

/** MCP requests that one pod of a server has answered, by its own metrics. */
export async function requestsOf(
  client: KubernetesClient,
  pod: string,
  server: string,
): Promise<number> {
  const command = ["bash", "-c", askForMetrics];
  const { code, output } = await execIn(client, { pod, container: server }, command);
  const series = parseExposition(output).find(({ name }) => name === "mcp_requests_total");
  if (code !== 0 || series === undefined) throw new Error(`metrics of ${pod}: ${output}`);
  return series.value;
}
