import { KubernetesApiError } from "../../../../components/platform/kubernetes/api.ts";
import type { KubernetesClient } from "../../../../components/platform/kubernetes/client.ts";
import type { KubernetesSettings } from "../../../../components/platform/kubernetes/kubernetes.schema.ts";
import type { FleetSpec } from "../../../config/index.ts";

/** A fleet and the place that it is to run in. */
export interface Asked {
  readonly client: KubernetesClient;
  readonly stack: string;
  readonly settings: KubernetesSettings;
  readonly fleet: FleetSpec;
  /** Whether Grafana is part of it. */
  readonly grafana: boolean;
}

/** What one subject has against it. */
export interface Findings {
  /** For which it cannot run. */
  readonly problems?: readonly string[];
  /** What may stand in the way later. */
  readonly warnings?: readonly string[];
  /** What the user may not look at, and for what it would have been needed. */
  readonly unseen?: readonly string[];
}

/** Setting of the stack, in messages. */
export function at(setting: string): string {
  return `mcp-fleet:kubernetes.${setting}`;
}

/** Undefined if the user may not look: then the cluster says it when it comes to it. */
export async function seen<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw error;
  }
}

export function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesApiError && error.status === 403;
}
