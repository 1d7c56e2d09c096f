import type {
  ContainerStatus,
  Event,
  Pod,
  Workload,
} from "../../../../components/platform/kubernetes/objects.ts";

/** Objects as an API server has them, as far as they are read. */

export const created = "2026-01-01T12:00:00Z";
export const createdMs = Date.parse(created);

export function workload(
  name: string,
  replicas: number,
  over: Partial<Workload> = {},
): Workload & { readonly kind: string } {
  return {
    kind: "StatefulSet",
    metadata: {
      ...{ name, namespace: "fleet", generation: 1, creationTimestamp: created },
      labels: { "mcp-fleet/component": name },
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { spec: { containers: [{ name }] } },
    },
    status: { observedGeneration: 1, updatedReplicas: replicas },
    ...over,
  };
}

export function pod(name: string, status: Partial<ContainerStatus>, over: Pod["status"] = {}): Pod {
  const app = name.replace(/-\d+$/, "");
  return {
    metadata: {
      ...{ name, namespace: "fleet", uid: `uid-${name}`, creationTimestamp: created },
      labels: { app, "mcp-fleet/component": app },
    },
    spec: { containers: [{ name: app }] },
    status: {
      phase: "Running",
      containerStatuses: [{ name: app, ready: false, started: false, restartCount: 0, ...status }],
      ...over,
    },
  };
}

export const ready: Partial<ContainerStatus> = {
  ...{ ready: true, started: true },
  state: { running: { startedAt: "2026-01-01T12:00:05Z" } },
};

export function waiting(reason: string, message?: string): Partial<ContainerStatus> {
  return { state: { waiting: { reason, ...(message !== undefined && { message }) } } };
}

export function event(
  reason: string,
  message: string,
  involvedObject: Event["involvedObject"],
  lastTimestamp = created,
): Event {
  return {
    ...{ metadata: { name: "event" }, type: "Warning", reason, message },
    ...{ involvedObject, lastTimestamp },
  };
}
